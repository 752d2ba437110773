// A token endpoint's answer, and its tokens sealed for a record.
#include <algorithm>

#include "core/connection/token_name.h"
#include "core/flow/grant/refresh.h"

namespace postern {

namespace {

// Makes room for one more.
void drop_oldest_guest(std::vector<StoredAccessToken>& tokens) {
  const auto is_guest = [](const StoredAccessToken& token) { return is_of_guest(token.resource); };
  if (std::ranges::count_if(tokens, is_guest) < kMostGuestTokens) {
    return;
  }
  auto oldest = std::ranges::find_if(tokens, is_guest);
  for (auto at = oldest; at != tokens.end(); ++at) {
    if (is_guest(*at) && at->minted_at < oldest->minted_at) {
      oldest = at;
    }
  }
  tokens.erase(oldest);
}

}  // namespace

Task<Result<ConnectionRecord, Problem>> seal_refresh_token(ConnectionRecord next,
                                                           std::string refresh_token,
                                                           EpochMs minted_at) {
  auto sealed =
      co_await perform(Seal{.org = next.id.org,
                            .context = seal_context(next.id, "refresh_token", next.version),
                            .plaintext = std::move(refresh_token)});
  if (!sealed) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable, "Sealing failed"));
  }
  next.sealed_refresh_token = std::move(*sealed);
  next.refresh_sealed_version = next.version;
  // Later than the one before: that is how a rollback knows which was used.
  next.refresh_minted_at = std::max(minted_at, next.refresh_minted_at + 1);
  co_return std::move(next);
}

TokenReply token_reply_of(const HttpReply& reply) {
  TokenReply token{
      .status = reply.status, .content_type = {}, .retry_after = {}, .body = reply.body};
  for (const auto& [name, value] : reply.headers) {
    if (name == "content-type") {
      token.content_type = value;
    } else if (name == "retry-after") {
      token.retry_after = value;
    }
  }
  return token;
}

Task<Result<ConnectionRecord, Problem>> seal_tokens(SealWish wish, const TokenResponse* response,
                                                    std::string old_refresh_token) {
  auto& next = wish.next;
  const auto minted_at = wish.came_at != 0 ? wish.came_at : wish.asked_at;
  // An answer without a refresh token means that the old one stays (RFC 6749 6); it is sealed anew,
  // so that the version and the key of the record are all that is ever needed.
  const std::string refresh_token = response->refresh_token
                                        ? std::string(response->refresh_token->reveal())
                                        : std::move(old_refresh_token);
  const std::string access_context =
      seal_context(next.id, "access_token:" + wish.resource, next.version);
  auto access = co_await perform(Seal{.org = next.id.org,
                                      .context = access_context,
                                      .plaintext = std::string(response->access_token.reveal())});
  if (!access) {
    co_return std::unexpected(problem(ProblemCode::store_unavailable, "Sealing failed"));
  }
  next.sealed_refresh_token.clear();
  if (!refresh_token.empty()) {
    auto with_refresh_token =
        co_await seal_refresh_token(std::move(next), refresh_token, minted_at);
    if (!with_refresh_token) {
      co_return std::unexpected(with_refresh_token.error());
    }
    next = std::move(*with_refresh_token);
  }
  StoredAccessToken token{
      .resource = wish.resource,
      .sealed = std::move(*access),
      .sealed_version = next.version,
      .minted_at = minted_at,
      .expires_at = response->expires_in_seconds
                        ? wish.asked_at + *response->expires_in_seconds * kSecondMs
                        : 0,
      .scope = response->scope};
  std::erase_if(next.tokens,
                [&](const StoredAccessToken& old) { return old.resource == wish.resource; });
  if (is_of_guest(wish.resource)) {
    drop_oldest_guest(next.tokens);
  }
  next.tokens.push_back(std::move(token));
  co_return std::move(next);
}

}  // namespace postern
