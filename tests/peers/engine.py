"""Serves a model on 127.0.0.1 with llama.cpp's own HTTP server: engine.py MODEL PORT [TOKENS_MAX].

PORT 0 is any free one; `listening http://127.0.0.1:N` on stdout says that it answers, and where. It ends with its
stdin. TOKENS_MAX bounds answers whose request sets no bound. Where ENGINE_KEY is set, nobody is served without it.
"""
import os
import sys

import xllamacpp

SLOTS = 2
SLOT_TOKENS = 65_536

model, port, *tokens_max = sys.argv[1:]
params = xllamacpp.CommonParams()
params.model.path = model
params.model_alias = {"tiny"}
params.hostnames = ["127.0.0.1"]
params.port = int(port)
params.n_parallel = SLOTS
params.n_ctx = SLOTS * SLOT_TOKENS
params.cpuparams.n_threads = 1
params.use_jinja = True
if tokens_max:
    params.n_predict = int(tokens_max[0])
if key := os.environ.get("ENGINE_KEY"):
    params.api_keys = [key]
server = xllamacpp.Server(params)
print("listening", server.listening_address, flush=True)
sys.stdin.read()
