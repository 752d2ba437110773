#include "core/flow/frame/connection_name.h"

#include <string>

namespace postern {

ConnectionId connection_of_caller(const FlowContext& context) {
  return connection_in(context.caller.org, context.parameters);
}

bool names_organization(const Parameters& parameters) {
  return parameters.text("user_id") == kOrganizationName && parameters.text("subject") != "user";
}

bool is_subject_valid(const Parameters& parameters) {
  return !parameters.has("subject") || parameters.text("subject") == "user";
}

std::optional<SubjectRange> subjects_meant(const Parameters& parameters) {
  if (!parameters.has("user_id")) {
    return std::nullopt;
  }
  return accounts_of(names_organization(parameters) ? std::string_view()
                                                    : parameters.text("user_id"));
}

ConnectionId connection_in(std::string_view org, const Parameters& parameters) {
  ConnectionId id{.org = std::string(org),
                  .integration = std::string(parameters.text("integration")),
                  .subject = {}};
  const bool organization = names_organization(parameters);
  const auto user_id = organization ? std::string_view() : parameters.text("user_id");
  // A user that nobody named is nobody, and never the organization.
  if (organization || !user_id.empty()) {
    const auto account = parameters.text("account");
    id.subject =
        subject_text({.user_id = user_id, .account = account.empty() ? kDefaultAccount : account});
  }
  return id;
}

}  // namespace postern
