"use client";

import { createContext, type FormEvent, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, TextInput } from "@/ui/field";
import { MAX_OPERATOR_CHARS, setOperatorName, useOperatorName } from "./operator-name";

interface Operator {
  readonly name: string;
  /** The name, asked for when there is none yet; nothing when the person would not say. */
  readonly identify: () => Promise<string | undefined>;
  /** Asks anew, to change it. */
  readonly change: () => void;
}

const OperatorContext = createContext<Operator | undefined>(undefined);

export function useOperator(): Operator {
  const operator = useContext(OperatorContext);
  if (!operator) throw new Error("useOperator needs an OperatorProvider above it.");
  return operator;
}

/** Every decision is signed. The name is asked for once, at the first decision, and kept in this browser. */
export function OperatorProvider({ children }: { children: ReactNode }) {
  const name = useOperatorName();
  const [open, setOpen] = useState(false);
  const answer = useRef<((name: string | undefined) => void) | undefined>(undefined);

  const settle = useCallback((given: string | undefined) => {
    setOpen(false);
    answer.current?.(given);
    answer.current = undefined;
  }, []);

  const operator = useMemo<Operator>(
    () => ({
      name,
      change: () => setOpen(true),
      identify: () => {
        if (name !== "") return Promise.resolve(name);
        setOpen(true);
        return new Promise((resolve) => {
          answer.current = resolve;
        });
      },
    }),
    [name],
  );

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = String(new FormData(event.currentTarget).get("operator") ?? "").trim();
    if (given === "") return;
    setOperatorName(given);
    settle(given);
  };

  return (
    <OperatorContext value={operator}>
      {children}
      <Dialog
        open={open}
        onOpenChange={(next) => (next ? setOpen(true) : settle(undefined))}
        title="Who is on duty?"
        description="Your name goes into the record of every decision you make. It is kept in this browser."
      >
        <form onSubmit={submit} className="flex flex-col gap-4">
          <Field label="Your name">
            <TextInput name="operator" required maxLength={MAX_OPERATOR_CHARS} defaultValue={name} autoComplete="nickname" pattern=".*\S.*" />
          </Field>
          <Button tone="primary" type="submit" className="self-end">
            Continue
          </Button>
        </form>
      </Dialog>
    </OperatorContext>
  );
}
