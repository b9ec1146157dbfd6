// A disk in memory for tests and the simulator: it forgets what was not synced, tears what was under
// way, fails and hangs on request. Everything it does depends only on its random source and on the
// order of operations.
//
//   const disk = new FakeDisk({ random });       // random(): 0 (inclusive) to 1 (exclusive)
//   disk.fault = (operation) => ({ error: "ENOSPC" });   // or "hang", or { crash: "during" }
//   disk.powerCut();   // what was not synced is lost, kept, or half of each
//   disk.kill();       // only the process is gone: all that was written is there
//   disk.start();      // after either: a new process may use it
//
// What was under way then never ends, as for a process that is gone. Open a new journal on the same
// object, with a new clock or one whose alarm was cleared.

import { IoError } from "../../daemon/base/errors.ts";
import type { Disk, DiskFile } from "../../daemon/ports.ts";
import { Inode } from "./fake-inode.ts";

export type OperationKind =
  | "list"
  | "read"
  | "create"
  | "cut"
  | "rename"
  | "remove"
  | "syncFolder"
  | "write"
  | "sync"
  | "append"
  | "close";

export interface Operation {
  readonly kind: OperationKind;
  readonly name: string;
  /** Bytes to be written. */
  readonly bytes: number;
  /** Counts all operations of this disk, from 0. */
  readonly index: number;
}

export type Fault =
  /** The operation rejects with this errno; a write has written a part, a sync lost its data. */
  | { readonly error: string }
  /** It never ends, until `disk.wake()`. */
  | "hang"
  /** Power is cut before it begins, when it has done half, or after it ended unnoticed. */
  | { readonly crash: "before" | "during" | "after" };

export interface FakeDiskOptions {
  readonly random: () => number;
  /** How long operations take: calls `done` once, later. Without it they take a microtask. */
  readonly later?: (operation: Operation, done: () => void) => void;
  /** Zeros that log files write ahead, as the real disk does. */
  readonly zerosAhead?: number;
}

export class FakeDisk implements Disk {
  /** Decides what goes wrong; asked at the begin of each operation. */
  fault: ((operation: Operation) => Fault | undefined) | undefined;
  /** Number of operations so far. */
  operations = 0;
  /** Since the power was cut or the process killed; everything asked of the disk then never ends. */
  down = false;
  readonly random: () => number;
  readonly zerosAhead: number;
  readonly #later: (operation: Operation, done: () => void) => void;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  /** Changes of the folder since it was synced. */
  #changes: ((names: Map<string, Inode>) => void)[] = [];
  #generation = 0;
  #hanging: (() => void)[] = [];

  constructor(options: FakeDiskOptions) {
    this.random = options.random;
    this.zerosAhead = options.zerosAhead ?? 2048;
    this.#later = options.later ?? ((_, done) => queueMicrotask(done));
  }

  /** Power is cut: each sector and each change of the folder that was not synced may be lost. */
  powerCut(): void {
    this.kill();
    const ordered = this.random() < 0.5;
    const kept = Math.floor(this.random() * (this.#changes.length + 1));
    this.#changes.forEach((change, index) => {
      if (ordered ? index < kept : this.random() < 0.5) change(this.#durableNames);
    });
    this.#changes = [];
    this.#names = new Map(this.#durableNames);
    for (const inode of new Set(this.#names.values())) inode.crash(this.random);
  }

  /** The process is gone, the operating system is not. */
  kill(): void {
    this.down = true;
    this.#generation++;
    this.#hanging = [];
  }

  /** The box is on again, or the process is started again. */
  start(): void {
    this.down = false;
  }

  /** Lets everything that hangs go on. */
  wake(): void {
    const hanging = this.#hanging;
    this.#hanging = [];
    for (const done of hanging) done();
  }

  /** Names and contents, as a process sees them now. */
  contents(): Map<string, Uint8Array> {
    return new Map([...this.#names].map(([name, inode]) => [name, inode.data.slice()]));
  }

  /** Puts a file there, durable, as if it had always been. */
  put(name: string, bytes: Uint8Array): void {
    const inode = new Inode();
    inode.write(0, bytes);
    inode.sync();
    this.#names.set(name, inode);
    this.#durableNames.set(name, inode);
  }

  /** All files are others now, durable: the disk was put back from a copy, or is a new one. */
  replace(files: ReadonlyMap<string, Uint8Array>): void {
    this.#names = new Map();
    this.#durableNames = new Map();
    this.#changes = [];
    for (const [name, bytes] of files) this.put(name, bytes);
  }

  list(): Promise<string[]> {
    return this.run("list", "", 0, () => [...this.#names.keys()]);
  }

  read(name: string): Promise<Uint8Array> {
    return this.run("read", name, 0, () => this.#inode(name).data.slice());
  }

  create(name: string): Promise<DiskFile> {
    return this.#create(name, 0);
  }

  createLog(name: string): Promise<DiskFile> {
    return this.#create(name, this.zerosAhead);
  }

  cut(name: string, length: number): Promise<void> {
    let inode: Inode | undefined;
    const begin = (): void => {
      inode = this.#inode(name);
      inode.cut(length);
    };
    return this.run(
      "cut",
      name,
      0,
      () => inode?.sync(),
      begin,
      () => inode?.loseUnsynced(),
    );
  }

  rename(from: string, to: string): Promise<void> {
    return this.run("rename", from, 0, () => {
      const inode = this.#inode(from);
      this.#change((names) => {
        // A durable rename brings the file along even if its creation was never made durable.
        names.delete(from);
        names.set(to, inode);
      });
    });
  }

  remove(name: string): Promise<void> {
    return this.run("remove", name, 0, () => {
      this.#inode(name);
      this.#change((names) => names.delete(name));
    });
  }

  syncFolder(): Promise<void> {
    return this.run("syncFolder", "", 0, () => {
      this.#durableNames = new Map(this.#names);
      this.#changes = [];
    });
  }

  /**
   * One operation: `begin` is what it does at once, `end` what it has done when it ends, `spoil` what
   * an error leaves behind. Used by the files of this disk.
   */
  run<T>(
    kind: OperationKind,
    name: string,
    bytes: number,
    end: () => T,
    begin: () => void = () => {},
    spoil: () => void = () => {},
  ): Promise<T> {
    if (this.down) return new Promise(() => {});
    const operation: Operation = { kind, name, bytes, index: this.operations++ };
    const fault = this.fault?.(operation);
    const generation = this.#generation;
    if (typeof fault === "object" && "crash" in fault) {
      if (fault.crash !== "before") attempt(begin);
      if (fault.crash === "after") attempt(end);
      this.powerCut();
      return new Promise(() => {});
    }
    return new Promise((resolve, reject) => {
      const failed = typeof fault === "object";
      try {
        if (!failed) begin();
      } catch (error) {
        reject(error);
        return;
      }
      const done = (): void => {
        if (this.#generation !== generation) return;
        try {
          if (failed) {
            spoil();
            reject(new IoError(`${kind} ${name}: made to fail (${fault.error})`, fault.error));
          } else {
            resolve(end());
          }
        } catch (error) {
          reject(error);
        }
      };
      if (fault === "hang") this.#hanging.push(done);
      else this.#later(operation, done);
    });
  }

  #create(name: string, ahead: number): Promise<DiskFile> {
    return this.run("create", name, 0, () => {
      if (this.#names.has(name)) throw new IoError(`create ${name}: file exists`, "EEXIST");
      const inode = new Inode();
      this.#change((names) => names.set(name, inode));
      return new FakeFile(this, name, inode, ahead);
    });
  }

  #inode(name: string): Inode {
    const inode = this.#names.get(name);
    if (!inode) throw new IoError(`${name}: no such file`, "ENOENT");
    return inode;
  }

  #change(change: (names: Map<string, Inode>) => void): void {
    change(this.#names);
    this.#changes.push(change);
  }
}

class FakeFile implements DiskFile {
  readonly #disk: FakeDisk;
  readonly #name: string;
  readonly #inode: Inode;
  readonly #ahead: number;
  #end = 0;
  #closed = false;

  constructor(disk: FakeDisk, name: string, inode: Inode, ahead: number) {
    this.#disk = disk;
    this.#name = name;
    this.#inode = inode;
    this.#ahead = ahead;
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#write("write", bytes, () => {});
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#write("append", bytes, () => this.#inode.sync());
  }

  sync(): Promise<void> {
    const inode = this.#inode;
    return this.#disk.run(
      "sync",
      this.#name,
      0,
      () => inode.sync(),
      undefined,
      () => inode.loseUnsynced(),
    );
  }

  close(): Promise<void> {
    return this.#disk.run("close", this.#name, 0, () => {
      if (this.#closed) throw new IoError(`close ${this.#name}: bad file descriptor`, "EBADF");
      this.#closed = true;
      if (this.#ahead > 0) this.#inode.cut(this.#end);
    });
  }

  #write(kind: "write" | "append", bytes: Uint8Array, end: () => void): Promise<void> {
    const inode = this.#inode;
    const at = this.#end;
    const begin = (): void => {
      if (this.#closed) throw new IoError(`write ${this.#name}: bad file descriptor`, "EBADF");
      inode.write(at, bytes);
      if (this.#ahead > 0 && at + bytes.length > inode.reserved) {
        inode.reserved = at + bytes.length + this.#ahead;
        inode.write(at + bytes.length, new Uint8Array(this.#ahead));
      }
      this.#end = at + bytes.length;
    };
    // Until now the kernel may not have looked: a caller that used its buffer again is found out.
    const written = (): void => {
      inode.write(at, bytes);
      end();
    };
    const spoil = (): void => {
      const part = Math.floor(this.#disk.random() * (bytes.length + 1));
      inode.write(at, bytes.subarray(0, part));
      inode.loseUnsynced();
    };
    return this.#disk.run(kind, this.#name, bytes.length, written, begin, spoil);
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // The operation would have failed, and so has done nothing when the power goes.
  }
}
