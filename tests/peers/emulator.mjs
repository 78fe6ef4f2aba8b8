// Serves canned answers on 127.0.0.1 through aimock, which speaks OpenAI's and Ollama's dialects by itself: an
// Ollama that is not ours.
//
//   NODE_PATH=… node emulator.mjs PORT      PORT 0: any free one
//
// It says `listening http://127.0.0.1:N` when it answers, and ends with its stdin.
import { createRequire } from "node:module";

const [port] = process.argv.slice(2);
const { LLMock } = createRequire(import.meta.url)("@copilotkit/aimock");

// Umlauts, an emoji and line ends, in pieces that cut words: what a reader may break.
const canned = [
  ["tea", "Grüner Tee 🍵 zieht\nzwei Minuten.\n\n- bei 70 °C\n"],
  ["numbers", Array.from({ length: 2000 }, (_, number) => `${number}\n`).join("")],
];
const mock = new LLMock({ host: "127.0.0.1", port: Number(port), chunkSize: 5, logLevel: "silent" });
for (const [userMessage, content] of canned) {
  mock.on({ userMessage, model: "camellia" }, { content });
}
await mock.start();
console.log(`listening ${mock.url}`);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
