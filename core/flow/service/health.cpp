#include "core/base/json_writer.h"
#include "core/base/version.h"
#include "core/flow/access/access.h"
#include "core/flow/frame/sql.h"
#include "core/flow/service/operations.h"
#include "core/flow/store/database.h"
#include "core/flow/store/place.h"

namespace postern {

Task<Outcome> health_flow(FlowContext* context) {
  const bool deep = context->parameters.flag("deep");
  if (deep) {
    // The stores' state is nobody's business but the operator's, and asking costs money.
    auto caller = co_await authenticate(context);
    if (!caller || !caller->administrator) {
      co_return problem_outcome(
          caller ? problem(ProblemCode::permission_denied, "deep needs the administrator's key")
                 : caller.error());
    }
  }
  if (deep && !context->input.authority_reply) {
    (void)co_await perform(ask_health_object("authority.health"));
  }
  JsonWriter out;
  bool healthy = true;
  std::string checks;
  if (deep) {
    auto [kv, d1] = co_await all_of(effect_task(KvGet{.key = "health"}),
                                    effect_task(in_shared_database({select_one()})));
    healthy = kv.has_value() && d1.has_value() && *context->input.authority_reply == "ok";
    JsonWriter inner;
    inner.begin_object()
        .member("core", "ok")
        .member("authority", *context->input.authority_reply)
        .member("kv", kv ? std::string_view("ok") : name_of(kv.error()))
        .member("d1", d1 ? std::string_view("ok") : name_of(d1.error()))
        .end_object();
    checks = inner.take();
  }
  const auto now = co_await current_time();
  out.begin_object()
      .member("status", healthy ? "ok" : "degraded")
      .member("service", "postern")
      .member("timestamp", format_iso8601(now))
      .member("version", kVersion);
  if (deep) {
    out.key("checks").raw(checks);
  }
  co_return json_outcome(out.end_object().take(), healthy ? 200 : 503);
}

// An object that holds no connection: only whether its storage answers.
Task<Outcome> authority_health_flow(FlowContext*) {
  const auto read = co_await perform(StorageRead{.keys = {"health"}});
  co_return data_outcome(std::string(read ? "ok" : name_of(read.error())));
}

}  // namespace postern
