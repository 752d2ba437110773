// A connection of the registered app itself, in one directory: nobody signed in, and there is
// nothing to refresh. A token that runs out is asked for again (RFC 6749 4.4).
//
// It is told by its account's key, "app|<directory>|<client id>", which every release keeps as it
// is: no other key begins so, because those of people begin with a directory's id or an origin.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/connection/record.h"

namespace postern {

struct Application {
  std::string_view tenant;  // the directory's id, or its domain where no token named its id
  std::string_view client_id;
};

// Account::key
[[nodiscard]] std::string application_key(const Application& application);
// Views the record; nullopt: a person's.
[[nodiscard]] std::optional<Application> application_of(const ConnectionRecord& record);
[[nodiscard]] bool is_application(const ConnectionRecord& record);

}  // namespace postern
