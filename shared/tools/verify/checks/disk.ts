// A disk that is full: its sender is told, nobody is shown what was not kept, and the server stays.
import type { Message } from "../../../message-store/message.ts";
import { openClient } from "../../clients/clients.ts";
import { broken, quoted, shortened, Untried } from "../said.ts";
import { type Trial, times, within } from "../trial.ts";

/** How large a file of the server may get, in bytes: as much as some messages, and less than those that are sent. */
const FULL = 64 * 1_024;

export async function fullDisk(trial: Trial): Promise<void> {
  if (!trial.target.stores)
    throw new Untried({
      en: "only where the server can be told where its log is: {store} in --start",
      ko: "로그의 위치를 서버에 알려 줄 수 있을 때만 해 볼 수 있습니다: --start에 {store}",
    });
  if (process.platform === "win32")
    throw new Untried({
      en: "Windows has no limit for the size of a file",
      ko: "Windows에는 파일 크기 제한이 없습니다",
    });
  const server = await trial.startAnother({ mostBytes: FULL });
  const client = openClient(trial.chapter, server.url, { insists: false, interval: 20, after: 0 });
  trial.onEnd(() => client.stop());
  const kept: Message[] = [];
  const refused: { text: string; why: string }[] = [];
  for (const text of times(30, (index) => `${index + 1} ${"한".repeat(1_500)}`)) {
    const answer = await within(
      trial.patience,
      client
        .send({ text })
        .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error)))),
    );
    if (server.exit())
      broken(
        `the server ended when its disk was full, after ${kept.length} messages`,
        `디스크가 가득 차자 메시지 ${kept.length}개 뒤에 서버가 종료되었습니다`,
      );
    if (answer === undefined)
      broken(
        `when its disk was full, after ${kept.length} messages, a draft got no answer within ${trial.patience / 1_000} s`,
        `디스크가 가득 차자 메시지 ${kept.length}개 뒤의 초안에 ${trial.patience / 1_000}초 안에 응답하지 않았습니다`,
      );
    if (answer instanceof Error) refused.push({ text, why: answer.message });
    else kept.push(answer);
    trial.note(
      `${quoted(text, 8)} → ${answer instanceof Error ? shortened(answer.message, 80) : `id ${answer.id}`}`,
    );
  }
  const [first] = refused;
  const isSocket = trial.chapter === "ch12-websocket";
  if (first && !isSocket && !/^503\b/.test(first.why))
    broken(
      `a draft that the full disk did not keep was answered with ${shortened(first.why, 60)}, not with 503`,
      `가득 찬 디스크에 저장하지 못한 초안에 503으로 응답해야 하는데, 온 것: ${shortened(first.why, 60)}`,
    );
  const reader = openClient(trial.chapter, server.url, { insists: false, interval: 20, after: 0 });
  trial.onEnd(() => reader.stop());
  await within(
    trial.patience,
    reader.until(({ length }) => length >= kept.length),
  );
  const shown = new Set(reader.messages.map(({ text }) => text));
  const lost = times(30, (index) => `${index + 1} `).filter(
    (begin) =>
      !refused.some(({ text }) => text.startsWith(begin)) &&
      ![...shown].some((text) => text?.startsWith(begin)),
  );
  if (lost.length > 0)
    broken(
      `of 30 messages ${30 - refused.length} were answered as kept by a disk of ${FULL / 1_024} KiB, and ${lost.length} of them are not there`,
      `${FULL / 1_024} KiB 디스크에 보낸 30개 중 ${30 - refused.length}개를 저장했다고 응답했는데, 그중 ${lost.length}개가 없습니다`,
    );
  const ghost = refused.find(({ text }) => shown.has(text));
  if (ghost)
    broken(
      `a draft that was refused when the disk was full was shown: ${quoted(ghost.text, 12)}`,
      `디스크가 가득 차서 거절한 초안이 보였습니다: ${quoted(ghost.text, 12)}`,
    );
}
