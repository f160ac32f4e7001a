// Apply it, uploads that go on where they were interrupted: a server for draft-ietf-httpbis-resumable-upload-12. All it
// knows is in its folder: a file's size is the offset, and its name holds the length and whether it is complete.
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import http from "node:http";
import { answer, HttpError, refuse } from "../../shared/http/answer.ts";
import { admit, queryOf } from "../../shared/http/request.ts";

const FOLDER = ".data/uploads";
const MAX_SIZE = 1024 ** 3; // In bytes.
const LIMIT = { "Upload-Limit": `max-size=${MAX_SIZE}` };
const paths = new Map([["/files", ["POST", "HEAD", "PATCH"]]]);

/** One upload. Its id ends in its length: `7af7f869-…-1084`. */
interface Upload {
  readonly id: string;
  /** In bytes: what the client means to send in all. */
  readonly length: number;
}

// Node ends a request after five minutes; an upload may take longer.
const server = http.createServer({ requestTimeout: 0 }, async (request, response) => {
  try {
    await admit(request, response, { paths, host: "127.0.0.1", allowHosts: [] });
    if (request.method === "POST") return await create(request, response);
    const upload = uploadIn(request);
    const work = request.method === "HEAD" ? tell : append;
    await alone(upload, request, () => work(upload, request, response));
  } catch (error) {
    refuse(response, error);
  }
});

/** §4.2: a new upload, still empty; its bytes follow in a PATCH. */
async function create(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const length = numberIn(request, "upload-length");
  if (request.headers["upload-complete"] !== "?0") throw new HttpError(400, "Send Upload-Complete: ?0.");
  if (length > MAX_SIZE) throw new HttpError(413, `At most ${MAX_SIZE} bytes.`, LIMIT);
  const id = `${randomUUID()}-${length}`;
  await mkdir(FOLDER, { recursive: true });
  const file = await open(`${FOLDER}/${id}.part`, "wx");
  await file.close();
  const headers = { ...LIMIT, Location: `/files?id=${id}`, "Upload-Complete": "?0", "Content-Length": 0 };
  answer(response, 201, undefined, headers);
}

/** §4.3: how far did it get? */
async function tell(upload: Upload, _: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { size, isComplete } = await stateOf(upload);
  answer(response, 204, undefined, {
    ...LIMIT,
    "Upload-Offset": size,
    "Upload-Complete": isComplete ? "?1" : "?0",
    "Upload-Length": upload.length,
  });
}

/** §4.4: what follows the offset. What came before an interruption stays. */
async function append(
  upload: Upload,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const { size, isComplete } = await stateOf(upload);
  const isLast = request.headers["upload-complete"] === "?1";
  if (request.headers["content-type"] !== "application/partial-upload") {
    throw new HttpError(415, "Send the bytes as application/partial-upload.");
  }
  if (isComplete) throw new HttpError(400, "This upload is complete.", { "Upload-Complete": "?1" });
  if (numberIn(request, "upload-offset") !== size) {
    throw new HttpError(409, "Go on from Upload-Offset.", { "Upload-Offset": size });
  }
  const path = `${FOLDER}/${upload.id}.part`;
  const file = await open(path, "a");
  let offset = size;
  try {
    for await (const chunk of request) {
      offset += chunk.length;
      if (offset <= upload.length) await file.appendFile(chunk); // What is too much is refused below.
    }
  } finally {
    await file.close();
  }
  if (offset > upload.length || (isLast && offset < upload.length)) {
    await rm(path); // The length was wrong, so nothing of it can be trusted.
    throw new HttpError(400, `That is not the Upload-Length: ${upload.length} bytes.`);
  }
  await stateOf(upload); // On the disk.
  if (isLast) await rename(path, `${FOLDER}/${upload.id}`);
  const headers = { "Upload-Offset": offset, "Upload-Complete": isLast ? "?1" : "?0" };
  if (isLast) answer(response, 200, { file: upload.id, bytes: offset }, headers);
  else answer(response, 204, undefined, headers);
}

/** §4.1.1: the client never sends again what the offset covers, so it is on the disk before anyone is told. */
async function stateOf({ id }: Upload): Promise<{ size: number; isComplete: boolean }> {
  const isComplete = existsSync(`${FOLDER}/${id}`);
  const file = await open(`${FOLDER}/${id}${isComplete ? "" : ".part"}`, "r+").catch(() => {
    throw new HttpError(404, "There is no such upload: begin with a POST.");
  });
  try {
    await file.datasync();
    return { size: (await file.stat()).size, isComplete };
  } finally {
    await file.close();
  }
}

/** The request that is under way for an upload, and when its work is done. */
const current = new Map<string, { readonly request: http.IncomingMessage; readonly done: Promise<void> }>();

/** §4.6: one request at a time. The one before is ended: its client has given up on it, and asks again. */
async function alone(
  { id }: Upload,
  request: http.IncomingMessage,
  work: () => Promise<void>,
): Promise<void> {
  const before = current.get(id);
  before?.request.destroy();
  const working = (before?.done ?? Promise.resolve()).then(work);
  const done = working.catch(() => {});
  current.set(id, { request, done });
  await done;
  if (current.get(id)?.done === done) current.delete(id);
  await working;
}

function uploadIn(request: http.IncomingMessage): Upload {
  const [id, length] =
    /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-(\d{1,10})$/.exec(queryOf(request, "id") ?? "") ?? [];
  if (id === undefined) throw new HttpError(404, "There is no such upload: begin with a POST.");
  return { id, length: Number(length) };
}

function numberIn(request: http.IncomingMessage, name: "upload-length" | "upload-offset"): number {
  const text = String(request.headers[name]);
  if (!/^\d{1,15}$/.test(text)) throw new HttpError(400, `Send ${name}: a number of bytes.`);
  return Number(text);
}

server.on("error", (error) => {
  console.error(`The server cannot listen: ${error.message}. If another program uses the port, stop it.`);
  process.exitCode = 1;
});
server.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => {
  console.log(`ch09-polling/uploads  http://localhost:${Object(server.address()).port}`);
});
