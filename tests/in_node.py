"""Ask an explorer's script in Node: its pure functions need no page and no browser."""

import atexit
import base64
import functools
import json
import re
import subprocess

from scripts import NODE

# Answers a line with a line, so that Node starts once for all tests of a process.
LOOP = """
import { createInterface } from "node:readline";
for await (const line of createInterface({ input: process.stdin })) {
  const [ask, given] = JSON.parse(line);
  let answer;
  try {
    answer = { value: await (0, eval)(`(${ask})`)(given) };
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  console.log(JSON.stringify(answer));
}
"""


def module(explorer):
    """An address from which a page, or Node, imports the explorer's script."""
    text = base64.b64encode(explorer._esm.encode()).decode()
    return f"data:text/javascript;charset=utf-8;base64,{text}"


@functools.cache
def started():
    process = subprocess.Popen(
        [NODE, "--input-type=module", "-e", LOOP],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf8",
    )  # fmt: skip
    atexit.register(process.kill)
    return process


def evaluate(ask, given=None):
    """What the JavaScript function `ask` answers, as a browser page's `evaluate` would."""
    node = started()
    node.stdin.write(json.dumps([ask, given]) + "\n")
    node.stdin.flush()
    answer = json.loads(node.stdout.readline())
    if "error" in answer:
        raise AssertionError(short(answer["error"]))
    return answer["value"]


def short(text):
    """What went wrong, and not the address, which is the script itself once more."""
    return re.sub(r"data:text/javascript[\w;,=+/-]*", "", text)
