#include "core/flow/connect/pages.h"

namespace postern {

Outcome result_page(const ResultPage& page) {
  return page_outcome(status_of(page.kind), render_result_page(page));
}

Outcome navigation_page(std::string_view provider_name, std::string url) {
  return page_outcome(200, render_navigation_page({.provider_name = std::string(provider_name),
                                                   .url = std::move(url)}));
}

Outcome return_page(std::string url) {
  return page_outcome(200, render_navigation_page({.goes_back = true, .url = std::move(url)}));
}

Outcome integration_fault_page(const Problem& problem, std::string_view org) {
  return result_page({.kind = PageKind::integration_fault,
                      .organization = std::string(org),
                      .detail = std::string(info_of(problem.code).code)});
}

}  // namespace postern
