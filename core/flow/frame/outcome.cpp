#include "core/flow/frame/outcome.h"

#include "core/base/fields.h"
#include "core/base/text.h"

namespace postern {

namespace {
constexpr std::string_view kKindNames[] = {"json",     "problem", "page",
                                           "redirect", "forward", "data"};
}

Outcome json_outcome(std::string body, int status) {
  return {.kind = OutcomeKind::json,
          .status = status,
          .headers = {{"content-type", "application/json; charset=utf-8"}},
          .body = std::move(body)};
}

Outcome problem_outcome(const Problem& problem) {
  Outcome outcome{.kind = OutcomeKind::problem,
                  .status = info_of(problem.code).status,
                  .headers = {{"content-type", "application/problem+json; charset=utf-8"}},
                  .body = problem_json(problem)};
  if (problem.retry_after_seconds) {
    outcome.headers.emplace_back("retry-after", to_decimal(*problem.retry_after_seconds));
  }
  if (problem.code == ProblemCode::unauthenticated) {
    outcome.headers.emplace_back("www-authenticate", "Bearer realm=\"postern\"");
  }
  return outcome;
}

Outcome problem_outcome(ProblemCode code, std::string_view detail) {
  return problem_outcome(problem(code, detail));
}

Outcome data_outcome(std::string fields) {
  return {.kind = OutcomeKind::data, .status = 200, .headers = {}, .body = std::move(fields)};
}

Outcome redirect_outcome(int status, std::string location) {
  return {.kind = OutcomeKind::redirect,
          .status = status,
          .headers = {{"location", std::move(location)}},
          .body = {}};
}

Outcome page_outcome(int status, std::string html, PageForm form) {
  return {.kind = OutcomeKind::page,
          .status = status,
          .headers = {{"content-type", "text/html; charset=utf-8"},
                      {"content-security-policy", std::string(content_security_policy(form))},
                      // A form needs its page's Origin header; nothing else may learn the URL.
                      {"referrer-policy", form == PageForm::none ? "no-referrer" : "same-origin"}},
          .body = std::move(html)};
}

std::string encode_outcome(const Outcome& outcome) {
  FieldWriter headers;
  for (const auto& [name, value] : outcome.headers) {
    headers.text(name).text(value);
  }
  FieldWriter out;
  out.text(kKindNames[static_cast<std::size_t>(outcome.kind)])
      .number(outcome.status)
      .text(headers.bytes())
      .text(outcome.body);
  return out.take();
}

}  // namespace postern
