#include "core/flow/resource/cursor.h"

#include "core/base/fields.h"
#include "core/base/sha256.h"
#include "core/effect/effects.h"
#include "core/flow/frame/operation.h"

namespace postern {

namespace {

// Of base64url: 66 bits.
constexpr std::size_t kHashBytes = 11;
constexpr std::size_t kMostLinks = 64;

std::string hash_of(std::string_view link) {
  return sha256_base64url(link).substr(0, kHashBytes);
}

std::string context_of(const CursorOf& of) {
  FieldWriter out;
  out.text("postern-cursor-1").text(connection_key(of.id)).text(of.api).text(of.member);
  if (!of.part.empty()) {
    out.text(of.part);
  }
  return out.take();
}

}  // namespace

bool Trail::has(std::string_view link) const {
  const auto hash = hash_of(link);
  for (std::string_view rest = bytes_; rest.size() >= kHashBytes; rest.remove_prefix(kHashBytes)) {
    if (rest.starts_with(hash)) {
      return true;
    }
  }
  return false;
}

void Trail::add(std::string_view link) {
  bytes_ += hash_of(link);
  if (bytes_.size() > kMostLinks * kHashBytes) {
    bytes_.erase(0, kHashBytes);
  }
}

std::string encode_place(const PagePlace& place) {
  return FieldWriter().text(place.link).number(place.offset).text(place.trail).take();
}

std::optional<PagePlace> decode_place(std::string_view bytes) {
  FieldReader reader(bytes);
  PagePlace place{.link = std::string(reader.text()),
                  .offset = reader.number(),
                  .trail = std::string(reader.text())};
  if (!reader.complete_or_later() || place.offset < 0) {
    return std::nullopt;
  }
  return place;
}

Task<std::string> seal_cursor(CursorOf of, PagePlace place) {
  auto sealed = co_await perform(
      Seal{.org = of.id.org, .context = context_of(of), .plaintext = encode_place(place)});
  co_return sealed && sealed->size() <= kMaxCursorBytes ? std::move(*sealed) : std::string();
}

Task<Result<PagePlace, Problem>> open_cursor(CursorOf of, std::string cursor) {
  const auto opened = co_await perform(
      Open{.org = of.id.org, .context = context_of(of), .sealed = std::move(cursor)});
  auto place = opened ? decode_place(*opened) : std::nullopt;
  if (!place) {
    co_return std::unexpected(
        problem(ProblemCode::invalid_request, "`cursor` is not one of this list and connection"));
  }
  co_return std::move(*place);
}

}  // namespace postern
