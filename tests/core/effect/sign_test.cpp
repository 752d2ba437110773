// What a flow gets of a sealed key, by the native host: its signatures are names for some, its
// refusals those of worker-shim/src/signing-keys.ts.
#include <doctest/doctest.h>
#include <string>

#include "core/base/fields.h"
#include "core/effect/codec.h"
#include "core/effect/task.h"
#include "tests/flows/host/host.h"

using namespace postern;
using namespace postern::testing;

namespace {

std::string context_of(std::string_view word) {
  return FieldWriter().text(word).text("acme").take();
}

template <class E>
Task<typename E::Reply> ask(E effect) {
  co_return co_await perform(std::move(effect));
}

// Across the wire, as any flow's.
template <class E>
typename E::Reply answer(World& world, E effect) {
  Loop loop(world.now);
  auto task = ask(std::move(effect));
  task.start(loop);
  loop.run();
  const auto effects = decode_effects(loop.take_issued()).value();
  for (const auto& issued : effects) {
    const auto reply = world.carry_out(issued.effect, nullptr);
    CHECK(deliver_replies(
        loop, FieldWriter().number(0).number(issued.id).text(encode_reply(reply)).take()));
  }
  loop.run();
  REQUIRE(task.done());
  return task.value();
}

struct Signing {
  World world;
  Sign sign{.org = "acme",
            .context = context_of(kKeyContext),
            .sealed_key = world.seal("acme", context_of(kKeyContext), "key"),
            .algorithm = "RS256",
            .data = "data"};

  Sign::Reply with(auto change) {
    Sign other = sign;
    change(other);
    return answer(world, other);
  }
};

const Sign::Reply kRefused = std::unexpected(HostFault::refused);

}  // namespace

TEST_CASE("a signature is the same for the same key, algorithm and data, and for no others") {
  Signing signing;
  const auto signature = signing.with([](Sign&) {});
  REQUIRE(signature.has_value());
  CHECK(signature->starts_with("fake signature "));
  CHECK(signing.with([](Sign&) {}) == signature);
  CHECK(signing.with([](Sign& e) { e.algorithm = "PS256"; }) != signature);
  CHECK(signing.with([](Sign& e) { e.data = "dat"; }) != signature);
  const auto other = signing.world.seal("acme", signing.sign.context, "other key");
  CHECK(signing.with([&](Sign& e) { e.sealed_key = other; }) != signature);
}

TEST_CASE("another organization, place, algorithm or kind of secret is refused") {
  Signing signing;
  CHECK(signing.with([](Sign& e) { e.org = "other"; }) == kRefused);
  CHECK(signing.with([](Sign& e) { e.context += "x"; }) == kRefused);
  CHECK(signing.with([](Sign& e) { e.algorithm = "ES256"; }) == kRefused);
  const auto token = signing.world.seal("acme", context_of("postern-seal-1"), "token");
  CHECK(signing.with([&](Sign& e) {
    e.context = context_of("postern-seal-1");
    e.sealed_key = token;
  }) == kRefused);
}

TEST_CASE("a sealed key is not opened") {
  Signing signing;
  const Open open{
      .org = "acme", .context = signing.sign.context, .sealed = signing.sign.sealed_key};
  CHECK(answer(signing.world, open) == Open::Reply(std::unexpected(HostFault::refused)));
}
