#include "core/connection/application.h"

namespace postern {

namespace {

constexpr std::string_view kPrefix = "app|";

}  // namespace

std::string application_key(const Application& application) {
  std::string key(kPrefix);
  key += application.tenant;
  key += '|';
  key += application.client_id;
  return key;
}

bool is_application(const ConnectionRecord& record) {
  return record.account.key.starts_with(kPrefix);
}

std::optional<Application> application_of(const ConnectionRecord& record) {
  if (!is_application(record)) {
    return std::nullopt;
  }
  const auto parts = std::string_view(record.account.key).substr(kPrefix.size());
  const auto bar = parts.find('|');
  return bar == std::string_view::npos
             ? Application{.tenant = parts, .client_id = {}}
             : Application{.tenant = parts.substr(0, bar), .client_id = parts.substr(bar + 1)};
}

}  // namespace postern
