// Chapter 9, a first try: a variable holds the newest message until someone asks for it.
import http from "node:http";

const page = `<!doctype html><meta charset="utf-8"><ul></ul><form><input name="text" autofocus></form><script>
  const form = document.querySelector("form"), list = document.querySelector("ul");
  const show = ({ text }) => list.append(Object.assign(document.createElement("li"), { textContent: text }));
  form.onsubmit = (event) => {
    event.preventDefault();
    fetch("/update", { method: "POST", body: JSON.stringify({ text: form.elements.text.value }) });
    form.reset();
  };
  setInterval(async () => {
    const response = await fetch("/poll");
    if (response.status === 200) (await response.json()).forEach(show);
  }, 1000);
</script>`;
let newest: unknown;

const server = http.createServer(async (request, response) => {
  if (request.url?.startsWith("/poll")) {
    if (newest) response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify([newest]));
    else response.writeHead(204).end();
    newest = undefined;
  } else if (request.url === "/update") {
    let body = "";
    for await (const chunk of request) body += chunk;
    const message = JSON.parse(body);
    newest = message;
    response.writeHead(201, { "Content-Type": "application/json" }).end(body);
  } else {
    response.writeHead(200, { "Content-Type": "text/html" }).end(page);
  }
});
const port = process.env["PORT"] ?? 3000;
server.listen(port, () => console.log(`http://localhost:${port}`));
