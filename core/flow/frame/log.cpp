#include "core/flow/frame/log.h"

namespace postern {

Task<std::monostate> log_connection(LogLevel level, std::string_view event, const ConnectionId* id,
                                    std::string_view field, std::string_view value) {
  Log line{.level = level, .event = std::string(event), .fields = {}};
  line.fields.emplace_back("connection", connection_key(*id));
  if (!field.empty()) {
    line.fields.emplace_back(field, value);
  }
  co_return co_await perform(std::move(line));
}

}  // namespace postern
