// The tiny handler as a worker of workerd: one realm, made once, for all requests.
export default {
  fetch() {
    return new Response("ok");
  },
};
