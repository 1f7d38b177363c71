-- What wrk has measured, as one line of JSON.
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests_per_second": %f, "p50_us": %f, "p99_us": %f, "requests": %d, "errors": %d}\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50), latency:percentile(99), summary.requests,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
