/**
 * A cloud that somebody draws. Its files are what it is: every change is made in their text, so that comments, order and what
 * the editor does not know stay as they are. Pure.
 */
import { type Document, isMap, LineCounter, parseDocument, Scalar } from "yaml";

export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Draft {
  /** Name of the scenario: its file is `<name>.yaml`. */
  readonly name: string;
  /** Text of every file by its path, as the engine's scenario folder has them. */
  readonly files: Readonly<Record<string, string>>;
  /** Where services stand that somebody put somewhere; the others are arranged. */
  readonly places: Readonly<Record<string, Place>>;
  /** What an import could not understand. */
  readonly notes: readonly string[];
}

/** What the engine takes as one bundle. */
export const MAX_BUNDLE_BYTES = 896 * 1_024;

interface Mistake {
  readonly line: number;
  readonly message: string;
}

/** A file of a draft. What it takes long to know is found out when somebody asks. */
export class File {
  private read: { readonly doc: Document; readonly lines: LineCounter; readonly mistakes: readonly Mistake[] } | undefined;
  private said: { readonly value: unknown } | undefined;
  /** Says the same as the text, knows no lines, and is what the next change is made in. */
  private editable: Document | undefined;

  constructor(
    readonly path: string,
    readonly text: string,
    written?: Document,
  ) {
    if (!written) return;
    this.editable = written;
    this.said = { value: plain(written) };
  }

  /** With positions in the text; not to be changed. */
  get doc(): Document {
    return this.parsed().doc;
  }

  get lines(): LineCounter {
    return this.parsed().lines;
  }

  get mistakes(): readonly Mistake[] {
    // What was written from a document has none.
    return this.said && !this.read ? [] : this.parsed().mistakes;
  }

  /** What it says, as plain values; nothing when it cannot be read. */
  get value(): unknown {
    this.said ??= { value: this.parsed().mistakes.length === 0 ? plain(this.parsed().doc) : undefined };
    return this.said.value;
  }

  /** Another file with this change; the same one when it changes nothing. */
  changed(change: (doc: Document) => void): File {
    const doc = this.editable ?? parseDocument(this.text);
    this.editable = undefined;
    change(doc);
    const text = doc.toString(STYLE);
    if (text === this.text) {
      this.editable = doc;
      return this;
    }
    return new File(this.path, text, doc);
  }

  private parsed() {
    if (this.read) return this.read;
    const lines = new LineCounter();
    const doc = parseDocument(this.text, { lineCounter: lines });
    const mistakes = doc.errors.map(({ message, pos }) => ({ line: lines.linePos(pos[0]).line, message: firstLine(message) }));
    this.read = { doc, lines, mistakes };
    return this.read;
  }
}

export type Path = readonly (string | number)[];

/** Without folding of long lines; as compact as the files that ship. */
const STYLE = { lineWidth: 0, flowCollectionPadding: false } as const;

const files = new Map<string, File>();
/** As many files as a draft and its last steps have in use. */
const REMEMBERED = 24;

/** A file, remembered by its text. */
export function readFile(path: string, text: string): File {
  return files.get(`${path}\n${text}`) ?? remember(new File(path, text));
}

function remember(file: File): File {
  files.set(`${file.path}\n${file.text}`, file);
  if (files.size > REMEMBERED) files.delete(files.keys().next().value ?? "");
  return file;
}

function plain(doc: Document): unknown {
  try {
    return doc.toJS({ maxAliasCount: 1_000 }) as unknown;
  } catch {
    return undefined;
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.replace(/ at line \d+, column \d+:?$/, "") ?? text;
}

export function scenarioPath({ name }: Pick<Draft, "name">): string {
  return `${name}.yaml`;
}

export function scenarioFile(draft: Draft): File {
  const path = scenarioPath(draft);
  return readFile(path, draft.files[path] ?? "");
}

/** The file that the scenario names as its topology; nothing when it names none, or one that is not there. */
export function topologyFile(draft: Draft): File | undefined {
  const { value } = scenarioFile(draft);
  const path = asRecord(value)["topology"];
  const named = typeof path === "string" ? path : Object.keys(draft.files).find((file) => file.startsWith("topologies/"));
  const text = named === undefined ? undefined : draft.files[named];
  return named === undefined || text === undefined ? undefined : readFile(named, text);
}

export type Fields = Readonly<Record<string, unknown>>;

export function asRecord(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

export function asText(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null || typeof value === "object" ? "" : String(value);
}

/** The value at a path of what a file says. */
export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (typeof key === "number" ? asList(inner)[key] : asRecord(inner)[key]), value);
}

/** Changes one file and leaves the others alone. A file that cannot be read is left as it is. */
export function changeFile(draft: Draft, path: string, change: (doc: Document) => void): Draft {
  const text = draft.files[path];
  if (text === undefined) return draft;
  const file = readFile(path, text);
  if (file.mistakes.length > 0) return draft;
  const next = file.changed(change);
  if (next === file) return draft;
  remember(next);
  return { ...draft, files: { ...draft.files, [path]: next.text } };
}

/** Sets a value; nothing takes it out, and its map with it when it was the only one there. */
export function setAt(doc: Document, path: Path, value: unknown): void {
  if (value === undefined) {
    if (doc.hasIn(path)) doc.deleteIn(path);
    return;
  }
  for (let depth = 1; depth < path.length; depth += 1) {
    const outer = path.slice(0, depth);
    const there: unknown = doc.getIn(outer, true);
    // `specs:` without anything is null, which nothing can be put into.
    if (there === null || there instanceof Scalar) doc.setIn(outer, doc.createNode(typeof path[depth] === "number" ? [] : {}));
  }
  doc.setIn(path, typeof value === "object" && value !== null ? doc.createNode(value) : value);
}

/** Takes a map out when nothing is left in it. */
export function dropEmpty(doc: Document, path: Path): void {
  const there: unknown = doc.getIn(path, true);
  if (isMap(there) && there.items.length === 0) doc.deleteIn(path);
}
