"use client";

import { ClipboardCopy, Download } from "lucide-react";
import { toast } from "sonner";
import { saveFile } from "@/ui/save-file";
import { Button } from "@/ui/button";
import { postMortem, type PostMortemSources } from "./post-mortem";

/** The incident as Markdown: to a file, or to be pasted where the post-mortem is written. */
export function PostMortemExport({ sources }: { sources: PostMortemSources }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(postMortem(sources));
      toast.success("The post-mortem is in the clipboard", { description: "Markdown, to paste where you write it." });
    } catch {
      toast.error("Not copied", { description: "The browser gives no access to the clipboard here. Download it instead." });
    }
  };
  return (
    <div role="group" aria-label="Post-mortem" className="flex gap-2">
      <Button onClick={() => saveFile(`incident-${sources.incident.id}.md`, postMortem(sources), "text/markdown")}>
        <Download aria-hidden className="size-4" />
        Post-mortem
      </Button>
      <Button size="icon" aria-label="Copy the post-mortem" title="Copy the post-mortem" onClick={() => void copy()}>
        <ClipboardCopy aria-hidden className="size-4" />
      </Button>
    </div>
  );
}
