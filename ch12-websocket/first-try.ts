// Chapter 12, a first try: an array of connections, and every message is passed on to each.
import http from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

const page = `<!doctype html><meta charset="utf-8"><ul></ul><form><input name="text" autofocus></form><script>
  const form = document.querySelector("form"), list = document.querySelector("ul");
  const show = ({ text }) => list.append(Object.assign(document.createElement("li"), { textContent: text }));
  form.onsubmit = (event) => {
    event.preventDefault();
    connection.send(JSON.stringify({ text: form.elements.text.value }));
    form.reset();
  };
  const connection = new WebSocket("ws://" + location.host);
  connection.onmessage = ({ data }) => show(JSON.parse(data));
</script>`;
const server = http.createServer((_request, response) => {
  response.writeHead(200, { "Content-Type": "text/html" }).end(page);
});
const clients: WebSocket[] = [];

const wss = new WebSocketServer({ server });
wss.on("connection", (ws) => {
  clients.push(ws);
  ws.on("message", (data) => {
    for (const client of clients) client.send(String(data));
  });
});
const port = process.env["PORT"] ?? 3000;
server.listen(port, () => console.log(`http://localhost:${port}`));
