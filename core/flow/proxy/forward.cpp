#include "core/flow/proxy/forward.h"

#include "core/base/fields.h"
#include "core/base/text.h"

namespace postern {

namespace {

constexpr std::string_view kKinds[] = {"api", "followed", "upload", "download", "redirect"};

// "nextLink followed *_url api"
std::string member_words(std::span<const LinkMember> members) {
  std::string words;
  for (const LinkMember& member : members) {
    words += words.empty() ? "" : " ";
    words += member.name;
    words += ' ';
    words += kKinds[static_cast<std::size_t>(member.kind)];
  }
  return words;
}

}  // namespace

Outcome forward_outcome(const Forward& forward) {
  std::string returns;
  for (const int status : forward.returns) {
    returns += (returns.empty() ? "" : " ") + to_decimal(status);
  }
  const auto& links = forward.links;
  FieldWriter out;
  out.text(forward.url)
      .text(forward.origin)
      .text(pair_fields(forward.set))
      .text(pair_fields(forward.otherwise))
      .text(forward.drop)
      .text(forward.drop_from_answer)
      .text(returns)
      .number(forward.delay_ms)
      .text(forward.note)
      .text(member_words(links.members))
      .text(pair_fields(links.bases))
      .text(links.presigned)
      .text(links.seal_org)
      .text(links.seal_context)
      .text(links.seal_prefix)
      .flag(links.content);
  return {.kind = OutcomeKind::forward, .status = 0, .headers = {}, .body = out.take()};
}

Outcome relay_outcome(const Forward& forward) {
  Forward relayed = forward;
  relayed.url.clear();
  relayed.set.clear();
  relayed.returns.clear();
  return forward_outcome(relayed);
}

std::optional<ForwardReply> decode_forward_reply(std::string_view bytes) {
  FieldReader in(bytes);
  ForwardReply reply;
  reply.status = static_cast<int>(in.number());
  const bool read = read_pairs(in.text(), reply.headers);
  reply.repeatable = in.flag();
  reply.body = in.text();
  return in.complete() && read ? std::optional(std::move(reply)) : std::nullopt;
}

}  // namespace postern
