import { LIMITS } from "../limits.ts";
import type { Status, StreamEvent } from "./api-types.ts";
import type { BoxView } from "./box-view.ts";
import type { BodySink, StreamBody } from "./message.ts";

/**
 * The live listeners of GET /api/v1/events. Each event is encoded once for all of them. A listener
 * that reads too slowly is cut off: it comes back by itself and starts from a fresh state.
 */
export class EventStreams {
  readonly #view: BoxView;
  /** Each with whether its listener may still listen. */
  readonly #open = new Map<BodySink, () => boolean>();
  #unsubscribe: (() => void) | undefined;
  /** What the status that all listeners have says, so that one that says the same is not sent again. */
  #lastStatus = "";

  constructor(view: BoxView) {
    this.#view = view;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * A new stream: the status, then the log events after `lastEventId` (all of the ring when it is
   * of an earlier run or unknown), then everything as it happens. Undefined when all are taken. It is
   * cut off within seconds when `mayStill` says that its listener may not listen any more.
   */
  open(
    lastEventId: string | undefined,
    mayStill: () => boolean = () => true,
  ): StreamBody | undefined {
    if (this.#open.size >= LIMITS.eventStreamsMax) return undefined;
    const status = this.#view.status();
    const boot = bootOf(status.box.startedAt);
    let text = `retry: ${RETRY_MILLISECONDS}\n\n${encode({ kind: "status", status }, boot)}`;
    for (const event of this.#view.events(sequenceAfter(lastEventId, boot))) {
      text += encode({ kind: "log", event }, boot);
    }
    return (sink) => {
      sink.write(UTF8.encode(text));
      sink.onClose(() => this.#forget(sink));
      this.#open.set(sink, mayStill);
      this.#lastStatus = "";
      this.#unsubscribe ??= this.#view.subscribe((event) => this.#broadcast(event));
    };
  }

  /**
   * To be called every few seconds: sends the status anew, so that a listener can tell a quiet
   * box from a dead connection. The comment is for proxies and people.
   */
  keepAlive(): void {
    for (const [sink, mayStill] of [...this.#open]) if (!mayStill()) this.#cut(sink);
    if (this.#open.size === 0) return;
    const status = this.#view.status();
    const boot = bootOf(status.box.startedAt);
    this.#lastStatus = withoutMeters(status);
    this.#send(UTF8.encode(`: keep-alive\n${encode({ kind: "status", status }, boot)}`));
  }

  /** Ends all streams, for a clean stop of the daemon. */
  closeAll(): void {
    for (const sink of [...this.#open.keys()]) {
      this.#forget(sink);
      sink.end();
    }
  }

  #broadcast(event: StreamEvent): void {
    if (event.kind === "status") {
      const content = withoutMeters(event.status);
      if (content === this.#lastStatus) return;
      this.#lastStatus = content;
    }
    const boot = event.kind === "log" ? bootOf(this.#view.status().box.startedAt) : "";
    this.#send(UTF8.encode(encode(event, boot)));
  }

  #send(bytes: Uint8Array): void {
    for (const sink of [...this.#open.keys()]) {
      if (sink.waitingBytes < LIMITS.eventStreamBytesMax) sink.write(bytes);
      else this.#cut(sink);
    }
  }

  #cut(sink: BodySink): void {
    this.#forget(sink);
    sink.cut();
  }

  #forget(sink: BodySink): void {
    this.#open.delete(sink);
    if (this.#open.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}

const UTF8 = new TextEncoder();
const RETRY_MILLISECONDS = 1000;

/** One event in the text form of the HTML standard §9.2.6. JSON has no raw line ends. */
function encode(event: StreamEvent, boot: string): string {
  const { kind, ...rest } = bounded(event);
  // Only log events can be resumed from, so only they have an id.
  const id = event.kind === "log" ? `id: ${boot}-${event.event.sequence}\n` : "";
  return `event: ${kind}\n${id}data: ${JSON.stringify(rest)}\n\n`;
}

/** Time and memory always change; a status that differs in nothing else is no news. */
function withoutMeters(status: Status): string {
  return JSON.stringify({ ...status, time: "", box: { ...status.box, memoryBytes: 0 } });
}

/** In a flood the listener is told to fetch the list rather than sent all of it. */
function bounded(event: StreamEvent): StreamEvent {
  if (event.kind !== "leases" || event.leases.length <= LIMITS.eventLeasesMax) return event;
  return { ...event, leases: event.leases.slice(0, LIMITS.eventLeasesMax), more: true };
}

/** Sequences begin anew with each run, so an id also says of which run it is. */
function bootOf(startedAt: string): string {
  return Date.parse(startedAt).toString(36);
}

function sequenceAfter(lastEventId: string | undefined, boot: string): number {
  const match = /^([0-9a-z]+)-([0-9]{1,15})$/.exec(lastEventId ?? "");
  return match?.[1] === boot ? Number(match[2]) : 0;
}
