#include "core/flow/frame/log.h"

namespace postern {

Task<std::monostate> log_connection(LogLevel level, std::string_view event, const ConnectionId* id,
                                    std::string_view field, std::string_view value) {
  Pairs fields;
  if (!field.empty()) {
    fields.emplace_back(field, value);
  }
  co_return co_await log_connection(level, event, id, std::move(fields));
}

Task<std::monostate> log_connection(LogLevel level, std::string_view event, const ConnectionId* id,
                                    Pairs fields) {
  Log line{.level = level, .event = std::string(event), .fields = {}};
  line.fields.emplace_back("connection", connection_key(*id));
  for (const auto& [name, value] : fields) {
    line.fields.emplace_back(name, value);
  }
  co_return co_await perform(std::move(line));
}

}  // namespace postern
