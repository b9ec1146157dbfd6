// Asks a box for its status over its Unix socket, as the page and the command line do.

import { request } from "node:http";
import type { Status } from "../../daemon/http/api-types.ts";

export type BoxAnswer =
  | { readonly reachable: true; readonly sentence: string; readonly status: Status }
  | { readonly reachable: false; readonly sentence: string };

export interface HttpAnswer {
  readonly code: number;
  readonly body: string;
}

const patienceMilliseconds = 1500;

/** Rejects when nobody answers in time or the answer is no status. */
export async function askBox(socketPath: string): Promise<BoxAnswer> {
  const answer = await get(socketPath, "/api/v1/status");
  if (answer.code !== 200) throw new Error(`it answered with code ${answer.code}`);
  const status = JSON.parse(answer.body) as Status;
  return { reachable: true, sentence: status.why, status };
}

/** GET over a Unix socket. */
export function get(socketPath: string, path: string): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, headers: { host: "localhost" } }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => {
        body += text;
      });
      response.on("end", () => resolve({ code: response.statusCode ?? 0, body }));
      response.on("error", reject);
    });
    sent.setTimeout(patienceMilliseconds, () => sent.destroy(new Error("no answer in time")));
    sent.on("error", (error: NodeJS.ErrnoException) => reject(new Error(plain(error))));
    sent.end();
  });
}

function plain(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT" || error.code === "ECONNREFUSED") return "nobody listens yet";
  return error.message;
}
