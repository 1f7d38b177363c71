# workerd with the tiny handler. The address is given on the command line.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "tiny", worker = .tiny)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "tiny")],
);

const tiny :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-01-01",
);
