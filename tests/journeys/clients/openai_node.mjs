// The official Node SDK. Arguments: the folder with node_modules, and the JSON of steps.py.
import { createRequire } from "node:module";

const [, , folder, argument] = process.argv;
const OpenAI = createRequire(folder + "/")("openai").default;
const places = JSON.parse(argument);
const messages = [{ role: "user", content: "hello" }];
const LONG_TOKENS = 100;
const SHORT_TOKENS = 8;

const client = (url, key) => new OpenAI({ baseURL: url, apiKey: key });

async function list(url, key) {
  const names = [];
  for await (const model of client(url, key).models.list()) names.push(model.id);
  return names;
}

async function complete(url, key, model) {
  const reply = await client(url, key).chat.completions.create({ model, messages, max_tokens: SHORT_TOKENS });
  return reply.choices[0].message.content;
}

async function stream(url, key, model) {
  const pieces = [];
  const chunks = await client(url, key).chat.completions.create({ model, messages, max_tokens: SHORT_TOKENS, stream: true });
  for await (const chunk of chunks) if (chunk.choices.length) pieces.push(chunk.choices[0].delta.content ?? "");
  return pieces;
}

async function embed(url, key, model) {
  const reply = await client(url, key).embeddings.create({ model, input: "hello", encoding_format: "float" });
  const vector = reply.data[0].embedding;
  return Array.isArray(vector[0]) ? vector[0].length : vector.length;
}

async function cancel(url, key, model) {
  const chunks = await client(url, key).chat.completions.create({ model, messages, max_tokens: LONG_TOKENS, stream: true });
  for await (const _ of chunks) break;
  chunks.controller.abort();
  return true;
}

async function attempt(step, ...args) {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  try {
    return { ok: await step(...args), seconds: seconds() };
  } catch (error) {
    const told = { class: error.constructor.name, status: error.status ?? null, code: error.code ?? null, text: String(error.message) };
    return { error: told, seconds: seconds() };
  }
}

const results = {};
for (const { urls, key, wrong_key, model, unknown } of places) {
  for (const url of urls) {
    const at = (results[url] = {});
    for (const [name, step] of Object.entries({ cancel, list, complete, stream, embed })) {
      at[name] = await attempt(step, url, key, model);
    }
    at.wrong_key = await attempt(complete, url, wrong_key, model);
    at.unknown_model = await attempt(complete, url, key, unknown);
  }
}
console.log(JSON.stringify(results));
