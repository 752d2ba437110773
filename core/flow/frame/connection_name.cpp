#include "core/flow/frame/connection_name.h"

#include <string>

namespace postern {

ConnectionId connection_of_caller(const FlowContext& context) {
  return connection_in(context.caller.org, context.parameters);
}

ConnectionId connection_in(std::string_view org, const Parameters& parameters) {
  return {.org = std::string(org),
          .integration = std::string(parameters.text("integration")),
          .user_id = std::string(parameters.text("user_id"))};
}

}  // namespace postern
