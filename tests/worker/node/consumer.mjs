/** `pieces`, `gap` ms apart; then it ends, or breaks off. */
const streamed = ({ pieces, gap, breaks }) => {
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      if (at > 0) await scheduler.wait(gap);
      if (at < pieces.length) controller.enqueue(new TextEncoder().encode(pieces[at++]));
      else if (breaks) controller.error(new Error("broken off"));
      else controller.close();
    },
  });
};

/** Another Worker, with service bindings to Postern. Says what it got, and what it got thrown; or leaves a call behind. */
export default {
  async fetch(request, env) {
    const { binding, method, parameters, leave, url, abortAfter, init, subscribe, proxy, stream } =
      await request.json();
    const body = stream === undefined ? {} : { body: streamed(stream) };
    const service = env[binding];
    try {
      if (proxy !== undefined) {
        const { request, goneAfter, ...named } = proxy;
        const call = service.proxy({
          ...named,
          request: request && new Request(request.url, { ...request.init, ...body }),
        });
        if (goneAfter !== undefined) {
          await scheduler.wait(goneAfter);
          call[Symbol.dispose]();
          return Response.json({ answer: "gone" });
        }
        const response = await call;
        const headers = Object.fromEntries(response.headers);
        return Response.json({ answer: { status: response.status, headers, text: await response.text() } });
      }
      if (subscribe !== undefined) {
        const batches = [];
        const answer = await service
          .subscribe(subscribe.parameters, (events, cursor) => {
            batches.push({ events, cursor });
            if (batches.length === subscribe.stayAt) return scheduler.wait(600_000);
            if (batches.length === subscribe.failAt) throw new Error("the subscriber failed");
            return batches.length !== subscribe.stopAt;
          })
          .catch((error) => String(error));
        return Response.json({ answer: { answer, batches } });
      }
      if (leave !== undefined) {
        const call = service[method](parameters);
        await scheduler.wait(leave.after);
        if (leave.dispose) call[Symbol.dispose]();
        return Response.json({ answer: "gone" });
      }
      if (method !== undefined) return Response.json({ answer: await service[method](parameters) });
      const controller = new AbortController();
      if (abortAfter !== undefined) setTimeout(() => controller.abort(), abortAfter);
      const response = await service.fetch(url, {
        ...init,
        ...body,
        redirect: "manual",
        signal: controller.signal,
      });
      return Response.json({
        status: response.status,
        location: response.headers.get("location"),
        cookies: response.headers.getSetCookie(),
        text: await response.text(),
      });
    } catch (error) {
      return Response.json({ thrown: String(error) });
    }
  },
};
