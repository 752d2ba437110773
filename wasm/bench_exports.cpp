// A module for `npm run bench` only: pure functions of the same core, called one by one.
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/oauth/jwt.h"
#include "core/oauth/pkce.h"
#include "wasm/arena.h"

#define POSTERN_EXPORT(name) extern "C" __attribute__((export_name(#name), used))

namespace {
std::string* text = nullptr;

const char* keep(std::string value) {
  text = new std::string(std::move(value));
  return text->data();
}
}  // namespace

POSTERN_EXPORT(bench_allocate) void* bench_allocate(std::size_t size) {
  return ::operator new(size);
}

// What was allocated since the first call is given back: a flow's instance is wiped after the flow.
POSTERN_EXPORT(bench_reset) void bench_reset() {
  postern::arena_rewind();
}

POSTERN_EXPORT(bench_length) std::size_t bench_length() {
  return text->size();
}

// 32 random bytes in; verifier and challenge, 43 characters each, out.
POSTERN_EXPORT(bench_pkce) const char* bench_pkce(const char* random) {
  const auto pair = postern::make_pkce(std::string_view(random, 32));
  std::string both(pair.verifier.reveal());
  return keep(both + pair.challenge);
}

// How many claims; 0 where the token does not decode.
POSTERN_EXPORT(bench_claims) std::size_t bench_claims(const char* token, std::size_t length) {
  const auto claims = postern::decode_jwt_claims(std::string_view(token, length));
  return claims ? claims->elements.size() : 0;
}

// The same claims as JSON, to compare them.
POSTERN_EXPORT(bench_claims_json)
const char* bench_claims_json(const char* token, std::size_t length) {
  const auto claims = postern::decode_jwt_claims(std::string_view(token, length));
  return keep(claims ? postern::dump_json(*claims) : std::string());
}

// A crossing and nothing else: the bytes came in, and others go out.
POSTERN_EXPORT(bench_echo) const char* bench_echo(const char* bytes, std::size_t length) {
  return keep(std::string(bytes, length));
}
