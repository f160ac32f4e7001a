// The report's words, Korean and English.

export const LANGUAGES = ["ko", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

const en = {
  title: "How a server reaches a browser: the four techniques in numbers",
  made: (clients: number, seconds: number, seed: number) =>
    `${clients} clients a chapter, ${seconds} s a schedule, seed ${seed}. Servers and clients share one machine; the log is in memory.`,
  machine: (cpu: string, cores: number, gigabytes: string, node: string) =>
    `${cpu}, ${cores} cores, ${gigabytes} GB, Node ${node}`,
  faults: (count: number) =>
    count === 0
      ? "Of all messages none was lost, doubled, out of order or altered."
      : `${count} messages were lost, doubled, out of order or altered: the numbers do not count.`,
  busy: (share: number) =>
    `The clients were busy for ${share} % of a core: delays measured meanwhile are partly theirs, not the servers'.`,
  calm: (share: number) =>
    `The clients never used more than ${share} % of a core, so that the delays are the servers'.`,
  intervals: "Delay against the poll interval",
  intervalsText: (interval: number, delay: string, push: string) =>
    `Who polls every ${interval} ms hears of a message after ${delay} ms in the middle case: half the interval, whatever the machine can do. Where the server speaks when there is news, it is ${push} ms.`,
  intervalAxis: "poll interval (ms)",
  delayAxis: "delay, p50 and (thin) p99 (ms)",
  rates: "Bytes a message against the rate of messages",
  ratesText: (polling: string, socket: string) =>
    `The rarer the messages, the more empty answers a poll pays for each: ${polling} bytes at the lowest rate, where a socket pays ${socket}. Long polling pays a request for each message, however many there are; a stream and a socket paid once.`,
  rateAxis: "messages a second",
  bytesAxis: "bytes at a client's socket for each message",
  growth: "Cost against the number of clients",
  growthText:
    "Milliseconds of the server's CPU a second, at two messages a second. Polling pays for each client whether there is news or not; the others pay for each message to each client.",
  clientsAxis: "clients",
  cpuAxis: "CPU (ms a second)",
  memory: "Memory a client",
  memoryText: "What the server's heap holds for each connected client, its garbage collected.",
  memoryAxis: "KiB a client",
  schedules: "All schedules",
  goals: "Near the limit of the machine",
  goalsText:
    "Ratios to a floor in the same run, in turn: the median of all rounds, and the middle half. Memory is what the system gave the process, in KiB a client; beside it the heap's part.",
  scale: "Several servers on one log",
  scaleText:
    "As many messages as 64 senders get answered, in relation to one server on the same log in the same round: the median of all rounds, and the middle half. The delay is at ten messages a second. Microseconds are those of a message that comes alone: of one server, its deliveries included, and of the log. Shares are of one core: where they add up to all cores of the machine, one more server is one more at the same table.",
  met: (met: number, all: number) => `${met} of ${all} goals are met.`,
  ahead: (behind: readonly string[]) =>
    behind.length === 0
      ? "The chapters are ahead of every rival in every column."
      : `Not ahead of its rival: ${behind.join("; ")}.`,
  columns: {
    schedule: "schedule",
    chapter: "chapter",
    requests: "requests",
    connections: "connections",
    up: "kB up (headers + payload)",
    down: "kB down (headers + payload)",
    p50: "p50 ms",
    p99: "p99 ms",
    max: "max ms",
    cpu: "CPU µs/s a client",
    memory: "KiB a client",
    faults: "faults",
    load: "clients' CPU",
    clients: "clients",
    goal: "goal",
    subject: "who",
    found: "found",
    spread: "spread",
    bound: "goal",
    met: "met",
    ahead: "ahead of rival",
    own: "own number",
    log: "log",
    servers: "servers",
    messages: "messages/s",
    deliveries: "deliveries/s",
    ratio: "deliveries, ratio",
    serversCpu: "servers' CPU",
    logCpu: "log's CPU",
    serverCost: "µs a message and server",
    logCost: "log's µs a message",
  } as Readonly<Record<string, string>>,
};

const ko: typeof en = {
  title: "서버가 브라우저에 메시지를 전달하는 네 가지 방법, 숫자로 보기",
  made: (clients, seconds, seed) =>
    `장마다 클라이언트 ${clients}개, 시나리오마다 ${seconds}초, 시드 ${seed}. 서버와 클라이언트가 한 컴퓨터를 나눠 쓰고, 로그는 메모리에 둡니다.`,
  machine: (cpu, cores, gigabytes, node) => `${cpu}, 코어 ${cores}개, ${gigabytes} GB, Node ${node}`,
  faults: (count) =>
    count === 0
      ? "모든 메시지 가운데 사라지거나, 두 번 오거나, 순서가 바뀌거나, 내용이 달라진 것은 하나도 없습니다."
      : `메시지 ${count}개가 사라지거나, 두 번 오거나, 순서나 내용이 바뀌었습니다. 이 숫자들은 쓸 수 없습니다.`,
  busy: (share) =>
    `클라이언트가 코어 하나의 ${share} %를 썼습니다. 그동안 잰 지연에는 서버가 아니라 클라이언트의 몫도 들어 있습니다.`,
  calm: (share) => `클라이언트는 코어 하나의 ${share} %를 넘게 쓴 적이 없으므로, 지연은 서버의 것입니다.`,
  intervals: "폴링 간격과 지연",
  intervalsText: (interval, delay, push) =>
    `${interval} ms마다 폴링하는 클라이언트는 메시지를 중앙값으로 ${delay} ms 뒤에 받습니다. 컴퓨터가 아무리 빨라도 간격의 절반입니다. 새 메시지가 있을 때 서버가 바로 보내는 기법에서는 ${push} ms입니다.`,
  intervalAxis: "폴링 간격 (ms)",
  delayAxis: "지연, p50과 (가는 선) p99 (ms)",
  rates: "메시지 빈도와 메시지당 바이트",
  ratesText: (polling, socket) =>
    `메시지가 드물수록 폴링은 메시지 하나에 빈 응답이 더 많이 듭니다. 가장 드물 때 ${polling}바이트이고, 소켓은 ${socket}바이트입니다. 롱 폴링은 메시지가 몇 개든 하나마다 요청 하나가 들고, 스트림과 소켓은 처음에 요청 하나만 듭니다.`,
  rateAxis: "초당 메시지",
  bytesAxis: "메시지 하나에 클라이언트 소켓을 지나는 바이트",
  growth: "클라이언트 수와 비용",
  growthText:
    "초당 메시지 두 개일 때 서버가 1초에 쓰는 CPU 시간입니다. 폴링은 새 메시지가 있든 없든 클라이언트마다 시간이 들고, 나머지는 메시지마다, 클라이언트마다 듭니다.",
  clientsAxis: "클라이언트",
  cpuAxis: "CPU (초당 ms)",
  memory: "클라이언트당 메모리",
  memoryText: "가비지를 치운 뒤, 연결된 클라이언트 하나에 서버의 힙이 쓰는 크기입니다.",
  memoryAxis: "클라이언트당 KiB",
  schedules: "모든 시나리오",
  goals: "컴퓨터의 한계 가까이",
  goalsText:
    "같은 실행에서 번갈아 잰, 바닥값에 대한 비율입니다. 모든 회차의 중앙값과 가운데 절반의 범위를 적습니다. 메모리는 시스템이 프로세스에 준 크기를 클라이언트 수로 나눈 KiB이고, 옆에 힙의 몫을 적습니다.",
  scale: "로그 하나를 나눠 쓰는 여러 서버",
  scaleText:
    "보내는 클라이언트 64개가 응답을 받는 만큼 보냅니다. 비율은 같은 회차에서 같은 로그를 쓴 서버 하나에 대한 것이고, 모든 회차의 중앙값과 가운데 절반의 범위를 적습니다. 지연은 초당 메시지 10개일 때입니다. µs는 메시지가 하나씩 올 때 서버 하나가 전달까지 하는 데 쓴 시간과 로그가 쓴 시간입니다. CPU는 코어 하나에 대한 비율이라서, 그 합이 컴퓨터의 코어 수에 이르면 서버를 더해도 같은 코어를 나눠 쓸 뿐입니다.",
  met: (met, all) => `목표 ${all}개 가운데 ${met}개를 달성했습니다.`,
  ahead: (behind) =>
    behind.length === 0
      ? "모든 항목에서 모든 장이 경쟁 라이브러리보다 앞섭니다."
      : `경쟁 라이브러리보다 앞서지 못한 항목: ${behind.join("; ")}.`,
  columns: {
    schedule: "시나리오",
    chapter: "장",
    requests: "요청",
    connections: "연결",
    up: "올린 kB (헤더 + 내용)",
    down: "내린 kB (헤더 + 내용)",
    p50: "p50 ms",
    p99: "p99 ms",
    max: "최대 ms",
    cpu: "클라이언트당 CPU µs/s",
    memory: "클라이언트당 KiB",
    faults: "잘못",
    load: "클라이언트의 CPU",
    clients: "클라이언트",
    goal: "목표",
    subject: "대상",
    found: "결과",
    spread: "범위",
    bound: "목표값",
    met: "달성",
    ahead: "경쟁보다 앞섬",
    own: "자체 값",
    log: "로그",
    servers: "서버",
    messages: "초당 메시지",
    deliveries: "초당 전달",
    ratio: "전달 비율",
    serversCpu: "서버의 CPU",
    logCpu: "로그의 CPU",
    serverCost: "메시지·서버당 µs",
    logCost: "메시지당 로그 µs",
  },
};

export const WORDS: Readonly<Record<Language, typeof en>> = { ko, en };
