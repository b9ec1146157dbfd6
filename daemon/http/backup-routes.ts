// Backups over the API: one that is downloaded, one that is looked at and put back, and the way back to the factory.

import * as v from "valibot";
import { wholeSentence } from "../base/whole-sentence.ts";
import { LIMITS } from "../limits.ts";
import type { BackupControl, Refused, RestoreWish, Unreadable } from "./backup-control.ts";
import { BASE64_TEXT, base64Bytes } from "./base64.ts";
import { acted } from "./done.ts";
import { type HttpResponse, jsonResponse } from "./message.ts";
import { problem } from "./problem.ts";
import { type Asked, type Route, row } from "./route.ts";

/** To be sent with the order, so that none is given by mistake. */
export const RESET_WORD = "factory-reset";

/** More than line, salt, nonce and tag of an encrypted file, and the JSON around it. */
const AROUND_BYTES = 8192;
const FILE_CHARACTERS_MAX = Math.ceil((LIMITS.backupBytesMax + AROUND_BYTES) / 3) * 4;

const passphrase = v.optional(
  v.pipe(
    v.string("must be a text"),
    v.maxLength(
      LIMITS.passphraseCharactersMax * 2,
      `may have ${LIMITS.passphraseCharactersMax} characters`,
    ),
  ),
);
const flag = v.optional(v.boolean("must be true or false"), false);

const backupBody = v.strictObject({ passphrase, leases: flag });
const restoreBody = v.strictObject({
  /** The file, in base64. */
  file: v.pipe(
    v.string("must be the file in base64"),
    v.minLength(1, "is no base64"),
    v.maxLength(FILE_CHARACTERS_MAX, "is larger than a backup can be"),
    v.regex(BASE64_TEXT, "is no base64"),
  ),
  passphrase,
  /** This box takes the place of the one that the backup is of. */
  replaces: flag,
});
const resetBody = v.strictObject({
  confirm: v.literal(RESET_WORD, `must be "${RESET_WORD}"`),
  leases: flag,
});
const resetQuery = v.object({
  leases: v.optional(v.picklist(["true", "false"], "must be true or false"), "false"),
});

const RESTORE_BYTES_MAX = FILE_CHARACTERS_MAX + AROUND_BYTES;
const UNREADABLE = "the file, or the passphrase, is not one that can be used, with the reason";
const BUSY = "another one is under way, or it cannot be done, with the reason";

export function backupRoutes(control: BackupControl): Route[] {
  return [
    row({
      ...{ method: "POST", path: "/api/v1/backup", role: "admin", body: backupBody },
      summary:
        "Makes a backup. With a passphrase it is encrypted and holds passwords and keys as well.",
      media: ["application/octet-stream"],
      answers: { 200: "the file", 409: BUSY, 422: UNREADABLE },
      handle: async ({ body, caller }) => {
        const made = await control.make({
          ...{ caller, passphrase: body.passphrase, withLeases: body.leases },
        });
        return made.kind === "made" ? download(made.name, made.bytes) : refused(made);
      },
    }),
    row({
      ...{ method: "POST", path: "/api/v1/restore/preview", role: "admin", body: restoreBody },
      bodyBytesMax: RESTORE_BYTES_MAX,
      summary: "What would come of putting this backup back. Nothing is changed.",
      answers: { 200: "changes, consequences, and what is left out", 409: BUSY, 422: UNREADABLE },
      handle: async (asked) => {
        const answer = await control.preview(wishOf(asked));
        return answer.kind === "preview" ? jsonResponse(answer.view) : refused(answer);
      },
    }),
    row({
      ...{ method: "POST", path: "/api/v1/restore", role: "admin", body: restoreBody },
      bodyBytesMax: RESTORE_BYTES_MAX,
      summary: "Puts this backup back, on this box and, where it is shared, on its partner.",
      answers: { 200: "done: one sentence", 409: "refused, with the reason", 422: UNREADABLE },
      handle: async (asked) => {
        const answer = await control.restore(wishOf(asked));
        if (answer.kind !== "acted") return refused(answer);
        const { result, view } = answer;
        if (result.isDone || view.issues.length === 0) return acted(result);
        return problem(409, wholeSentence(result.text), {}, { errors: view.issues });
      },
    }),
    ...resetRoutes(control),
  ];
}

function resetRoutes(control: BackupControl): Route[] {
  const path = "/api/v1/factory-reset";
  return [
    row({
      ...{ method: "GET", path, role: "admin", query: resetQuery },
      summary: "What would go, and what would stay, if the box became as it came from the factory.",
      answers: { 200: "sentences", 409: BUSY },
      handle: async ({ query }) => {
        const answer = await control.resetOutlook(query.leases === "true");
        return "kind" in answer ? refused(answer) : jsonResponse(answer);
      },
    }),
    row({
      ...{ method: "POST", path, role: "admin", body: resetBody },
      summary:
        "Makes the box as it came from the factory. Its partner is told first, if it is reached.",
      answers: { 200: "it begins: one sentence", 409: "refused, with the reason" },
      handle: async ({ body, caller }) => acted(await control.reset(body.leases, caller)),
    }),
  ];
}

function wishOf({
  body,
  caller,
}: Pick<Asked<v.InferOutput<typeof restoreBody>>, "body" | "caller">): RestoreWish {
  const { file, passphrase: word, replaces } = body;
  return { caller, file: base64Bytes(file, "file"), passphrase: word, isReplacement: replaces };
}

function refused(answer: Refused | Unreadable): HttpResponse {
  if (answer.kind === "refused") return problem(409, wholeSentence(answer.text));
  const { path, reason } = answer;
  return problem(422, wholeSentence(reason), {}, { errors: [{ path, reason }] });
}

/** Never kept anywhere on the way, and never shown by a browser. */
function download(name: string, bytes: Uint8Array): HttpResponse {
  const headers = {
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename="${name}"`,
    "content-length": String(bytes.length),
    "cache-control": "no-store",
  };
  return { status: 200, headers, body: bytes };
}
