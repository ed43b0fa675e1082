"""llama.cpp's own server on a model file: llama_server.py MODEL PORT WINDOW [THREADS]."""

import signal
import sys

import xllamacpp

parameters = xllamacpp.CommonParams()
parameters.model.path = sys.argv[1]
parameters.port = int(sys.argv[2])
parameters.n_ctx = int(sys.argv[3])
parameters.n_parallel = 1
threads = int(sys.argv[4]) if len(sys.argv) > 4 else 1
parameters.cpuparams.n_threads = threads
parameters.cpuparams_batch.n_threads = threads
parameters.use_jinja = True
parameters.endpoint_metrics = True
server = xllamacpp.Server(parameters)
signal.pause()
