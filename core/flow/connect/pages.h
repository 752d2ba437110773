// Outcomes that a person sees.
#pragma once

#include <string>
#include <string_view>

#include "core/base/problem.h"
#include "core/flow/frame/outcome.h"
#include "core/page/page.h"

namespace postern {

[[nodiscard]] Outcome result_page(const ResultPage& page);
// Where the browser goes on to sign in.
[[nodiscard]] Outcome navigation_page(std::string_view provider_name, std::string url);
// Back to the caller's application, where a redirect will not do.
[[nodiscard]] Outcome return_page(std::string url);
// The integration could not be resolved: the operator's fault, not the person's.
[[nodiscard]] Outcome integration_fault_page(const Problem& problem, std::string_view org);

}  // namespace postern
