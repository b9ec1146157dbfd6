/** POST /api/v1/import: what can be taken over from another DHCP server. Nothing is changed. */
export interface ImportView {
  /** As config.json has it: what a person looks through, and puts into force. */
  readonly config: unknown;
  /** What the files say of the server itself, by the name of the network. */
  readonly ports: Readonly<
    Record<string, { readonly interface?: string; readonly address?: string }>
  >;
  /** How many leases run there. */
  readonly leases: number;
  /** Everything that could not be taken over as it is, the first ones. */
  readonly notes: readonly ImportNoteView[];
  /** How many there are besides. */
  readonly moreNotes: number;
}

export interface ImportNoteView {
  readonly file: string;
  /** From 1 on; 0: the file as a whole. */
  readonly line: number;
  readonly kind: "left-out" | "changed" | "unreadable";
  /** The words of the file, shortened. */
  readonly text: string;
  /** A sentence. */
  readonly reason: string;
}
