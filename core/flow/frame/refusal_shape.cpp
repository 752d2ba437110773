#include "core/flow/frame/refusal_shape.h"

#include "core/base/json.h"
#include "core/base/json_writer.h"

namespace postern {

namespace {

Json text_member(std::string_view name, std::string_view text) {
  return {.kind = JsonKind::string, .name = std::string(name), .text = std::string(text)};
}

}  // namespace

Outcome shaped_refusal(Outcome problem, RefusalShape shape) {
  auto document = parse_json(problem.body);
  if (!document || !document->is_object()) {
    return problem;
  }
  const std::string code(json_text(*document, "code"));
  const std::string message(json_text(*document, "error"));
  auto& members = document->elements;
  std::erase_if(members, [](const Json& member) {
    return member.name == "error" || member.name == "message" || member.name == "ok";
  });
  members.push_back(text_member("message", message));
  if (shape == RefusalShape::ok_flag) {
    members.push_back(text_member("error", code));
    members.push_back({.kind = JsonKind::no, .name = "ok"});
    problem.status = 200;
  } else {
    members.push_back({.kind = JsonKind::object,
                       .name = "error",
                       .elements = {text_member("code", code), text_member("message", message)}});
  }
  // Graph's client 3 and gaxios parse nothing else.
  for (auto& [name, value] : problem.headers) {
    if (name == "content-type") {
      value = "application/json; charset=utf-8";
    }
  }
  problem.body = dump_json(*document);
  return problem;
}

}  // namespace postern
