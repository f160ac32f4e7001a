// What `practise` says, Korean beside English, so that neither can be forgotten.
import type { Language } from "../../html-renderer/words.ts";

/** A text in both languages. */
export type Told = Readonly<Record<Language, string>>;

export const WORDS = {
  write: { en: "write it", ko: "직접 쓰기" },
  find: { en: "find the bug", ko: "버그 찾기" },
  reported: { en: "A user reports:", ko: "사용자 제보:" },
  edit: {
    en: (path: string) => `Edit ${path}, and save it: every save is checked.`,
    ko: (path: string) => `${path} 파일을 고치고 저장하세요. 저장할 때마다 검사합니다.`,
  },
  keys: {
    en: "h hint · d difference to the solution · r check again · n next · p page · q quit",
    ko: "h 힌트 · d 정답과의 차이 · r 다시 검사 · n 다음 · p 페이지 · q 끝내기",
  },
  line: {
    en: "Type a letter and Enter.",
    ko: "글자를 입력하고 Enter를 누르세요.",
  },
  building: { en: "Building …", ko: "빌드하는 중 …" },
  checking: {
    en: (kept: number) =>
      `Checking … ${kept} ${kept === 1 ? "promise" : "promises"} kept so far (half a minute in all)`,
    ko: (kept: number) => `검사하는 중 … 지금까지 약속 ${kept}개를 지켰습니다 (모두 30초쯤 걸립니다)`,
  },
  doesNotCompile: {
    en: (where: string, more: number) =>
      `It does not compile: ${where}${more === 0 ? "" : ` (and ${more} more)`}`,
    ko: (where: string, more: number) =>
      `컴파일되지 않습니다: ${where}${more === 0 ? "" : ` (외 ${more}개)`}`,
  },
  old: {
    en: (id: string) =>
      `If that import is not yours, the exercise has changed since your copy was made: npm run practise -- --reset ${id} makes a new one and keeps yours.`,
    ko: (id: string) =>
      `이 import를 직접 고치지 않았다면, 사본을 만든 뒤에 연습 문제가 바뀐 것입니다. 사본을 새로 만드는 명령(쓰던 파일은 보관됩니다): npm run practise -- --reset ${id}`,
  },
  ended: {
    en: (why: string) => `The server ended at the start: ${why}`,
    ko: (why: string) => `서버가 시작하자마자 종료되었습니다: ${why}`,
  },
  endedLater: {
    en: (why: string) => `The server of the page ended: ${why}`,
    ko: (why: string) => `페이지의 서버가 종료되었습니다: ${why}`,
  },
  silent: {
    en: (seconds: number) => `The server is not listening after ${seconds} s: is it in an endless loop?`,
    ko: (seconds: number) => `${seconds}초가 지나도 서버가 열리지 않습니다. 끝나지 않는 반복문이 있나요?`,
  },
  elsewhere: {
    en: (port: number, url: string) => `Port ${port} is in use, so the page is at ${url}.`,
    ko: (port: number, url: string) =>
      `${port}번 포트를 다른 프로그램이 쓰고 있어서 페이지를 ${url}에 엽니다.`,
  },
  cannotCheck: {
    en: (why: string) => `It could not be checked: ${why}`,
    ko: (why: string) => `검사할 수 없었습니다: ${why}`,
  },
  waiting: { en: "Waiting for the next save.", ko: "다음 저장을 기다립니다." },
  printed: { en: "Your program printed:", ko: "작성하신 프로그램의 출력:" },
  readMore: { en: (section: string) => `Read: ${section}`, ko: (section: string) => `읽을거리: ${section}` },
  solved: {
    en: (kept: number) => `✓ Solved: all ${kept} promises are kept.`,
    ko: (kept: number) => `✓ 풀었습니다. 약속 ${kept}개를 모두 지킵니다.`,
  },
  unseen: {
    en: (what: string) =>
      `Compare with d: the solution also guards against what no check from outside sees, ${what}.`,
    ko: (what: string) => `d로 정답과 비교해 보세요. 정답은 밖에서 검사할 수 없는 경우도 다룹니다: ${what}`,
  },
  goOn: { en: "n goes on to the next exercise.", ko: "n을 누르면 다음 문제로 갑니다." },
  hint: { en: (number: number) => `Hint ${number} of 3:`, ko: (number: number) => `힌트 ${number}/3:` },
  noMoreHints: {
    en: "That was the last hint. d shows the difference to the solution.",
    ko: "마지막 힌트였습니다. d를 누르면 정답과의 차이가 나옵니다.",
  },
  sure: {
    en: "d again shows the difference to the solution.",
    ko: "d를 한 번 더 누르면 정답과의 차이를 보여 줍니다.",
  },
  same: { en: "Your file is the solution, word for word.", ko: "파일이 정답과 똑같습니다." },
  solution: { en: "the solution", ko: "정답" },
  missing: {
    en: (path: string) => `${path} is not there: save it again, or begin again with --reset.`,
    ko: (path: string) => `${path} 파일이 없습니다. 다시 저장하거나 --reset으로 처음부터 시작하세요.`,
  },
  last: { en: "This was the last exercise.", ko: "마지막 문제였습니다." },
  page: { en: (url: string) => `The page: ${url}`, ko: (url: string) => `페이지: ${url}` },
  noPage: {
    en: "There is no page yet: the server has to start first.",
    ko: "아직 페이지가 없습니다. 서버가 먼저 시작해야 합니다.",
  },
  damaged: {
    en: (to: string) =>
      `The file of your progress was damaged: it was moved to ${to}, and counting begins again.`,
    ko: (to: string) => `진행 기록 파일이 손상되어 ${to}(으)로 옮기고 새로 기록합니다.`,
  },
  notKept: {
    en: (why: string) => `Your progress could not be written (${why}); your own file is untouched.`,
    ko: (why: string) => `진행 기록을 쓰지 못했습니다(${why}). 작성한 파일은 그대로입니다.`,
  },
  notRead: {
    en: (why: string) => `Your progress could not be read (${why}).`,
    ko: (why: string) => `진행 기록을 읽지 못했습니다(${why}).`,
  },
  count: {
    en: (solved: number, all: number) => `${solved} of ${all} solved`,
    ko: (solved: number, all: number) => `${all}개 중 ${solved}개 해결`,
  },
  aside: {
    en: (to: string) => `What was there is kept in ${to}. To have it back, move it from there to practice/.`,
    ko: (to: string) => `있던 내용은 ${to}에 보관했습니다. 되돌리려면 practice/로 옮기세요.`,
  },
  nothingAside: { en: "There was nothing to reset.", ko: "초기화할 내용이 없었습니다." },
} as const;
