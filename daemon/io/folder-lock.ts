// Keeps two daemons from using one folder. The lock is a listening Unix socket in the folder: the
// kernel closes it with its process, however that ends, so there is nothing to go stale. Each holder
// makes a socket with a name of its own first and then calls every other one it finds. Whoever is
// called answers by being there, so of two daemons that start together at least one sees the other.

import { type FileHandle, readdir, rm } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import path from "node:path";
import { hex } from "../base/bytes.ts";
import { IoError } from "../base/errors.ts";
import { randomBytes } from "./random.ts";

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Locks the folder that `handle` has open. Rejects with IoError, code "EBUSY", while another process
 * (or this one) holds it.
 */
export async function lockFolder(folder: string, handle: FileHandle): Promise<FolderLock> {
  // A socket's path holds 107 bytes at most; through the open folder it is always short enough.
  const near = `/proc/self/fd/${handle.fd}`;
  const own = `lock-${process.pid}-${hex(randomBytes(6))}.sock`;
  const server = await listen(path.join(near, own));
  try {
    for (const name of await readdir(folder)) {
      const pid = /^lock-([0-9]+)-[0-9a-f]{12}\.sock$/.exec(name)?.[1];
      if (pid === undefined || name === own) continue;
      if (await answers(path.join(near, name))) {
        throw new IoError(`${folder} is in use by another process (${pid})`, "EBUSY");
      }
      await rm(path.join(folder, name), { force: true });
    }
  } catch (error) {
    await close(server, path.join(folder, own));
    throw error;
  }
  return { release: () => close(server, path.join(folder, own)) };
}

function listen(file: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(file, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** False only when there is certainly no process behind the socket any more. */
function answers(file: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(file);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}

async function close(server: Server, file: string): Promise<void> {
  await new Promise<void>((resolve) => server.close(() => resolve()));
  await rm(file, { force: true });
}
