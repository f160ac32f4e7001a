// Chapter 10, a first try: an array of responses, answered and emptied when a message comes.
import http from "node:http";

const page = `<!doctype html><meta charset="utf-8"><ul></ul><form><input name="text" autofocus></form><script>
  const form = document.querySelector("form"), list = document.querySelector("ul");
  const show = ({ text }) => list.append(Object.assign(document.createElement("li"), { textContent: text }));
  form.onsubmit = (event) => {
    event.preventDefault();
    fetch("/update", { method: "POST", body: JSON.stringify({ text: form.elements.text.value }) });
    form.reset();
  };
  const receive = async () => {
    const response = await fetch("/longpoll");
    (await response.json()).forEach(show);
    receive();
  };
  receive();
</script>`;
let clients: http.ServerResponse[] = [];

const server = http.createServer(async (request, response) => {
  if (request.url?.startsWith("/longpoll")) {
    clients.push(response);
  } else if (request.url === "/update") {
    let body = "";
    for await (const chunk of request) body += chunk;
    const message = JSON.parse(body);
    for (const client of clients) client.end(JSON.stringify([message]));
    clients = [];
    response.writeHead(201, { "Content-Type": "application/json" }).end(body);
  } else {
    response.writeHead(200, { "Content-Type": "text/html" }).end(page);
  }
});
const port = process.env["PORT"] ?? 3000;
server.listen(port, () => console.log(`http://localhost:${port}`));
