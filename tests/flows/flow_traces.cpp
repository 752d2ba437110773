// Tells every story and compares its trace with the document beside this file, byte for byte.
// UPDATE_TRACES=1 writes the documents anew. The transcripts for wasm.test.ts go to build/.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/flows/host/story.h"

using namespace postern::testing;

namespace {

const std::filesystem::path kDocuments = POSTERN_SOURCE_DIR "/tests/flows";
const std::filesystem::path kTranscripts = POSTERN_SOURCE_DIR "/build/transcripts";

const Stories& stories() {
  static const Stories all = [] {
    Stories told;
    tell_access(told);
    tell_connecting(told);
    tell_failures(told);
    tell_sign_ins(told);
    tell_tokens(told);
    tell_refreshes(told);
    tell_unknown_outcomes(told);
    tell_patience(told);
    tell_schedule(told);
    tell_stores(told);
    tell_connections(told);
    tell_resources(told);
    tell_events(told);
    return told;
  }();
  return all;
}

std::string read(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string document_of(Story& story) {
  story.trace.finish();
  return story.trace.markdown();
}

// The first line in which they differ: a whole document in an error message helps nobody.
std::string difference(const std::string& have, const std::string& want) {
  std::istringstream a(have);
  std::istringstream b(want);
  std::string line_a;
  std::string line_b;
  for (int number = 1;; ++number) {
    const bool more_a = static_cast<bool>(std::getline(a, line_a));
    const bool more_b = static_cast<bool>(std::getline(b, line_b));
    if (!more_a && !more_b) {
      return {};
    }
    if (more_a != more_b || line_a != line_b) {
      return "line " + std::to_string(number) + "\n  now:      " + (more_a ? line_a : "(end)") +
             "\n  document: " + (more_b ? line_b : "(end)");
    }
  }
}

}  // namespace

TEST_CASE("every flow does exactly what its document says") {
  const bool update = std::getenv("UPDATE_TRACES") != nullptr;
  for (const auto& story : stories()) {
    CAPTURE(story->name);
    const auto document = document_of(*story);
    const auto path = kDocuments / (story->name + ".md");
    if (update) {
      write(path, document);
    }
    CHECK(difference(document, read(path)) == "");
  }
}

TEST_CASE("nothing in a story is left over, unexpected or stored in the clear") {
  for (const auto& story : stories()) {
    CAPTURE(story->name);
    CHECK(story->complaints() == "");
  }
}

TEST_CASE("every document has its story") {
  std::set<std::string> names;
  for (const auto& story : stories()) {
    CHECK(names.insert(story->name + ".md").second);
  }
  for (const auto& entry : std::filesystem::directory_iterator(kDocuments)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(".md")) {
      CAPTURE(name);
      CHECK(names.contains(name));
    }
  }
}

TEST_CASE("the transcripts are written for the replay through wasm") {
  std::filesystem::remove_all(kTranscripts);
  std::filesystem::create_directories(kTranscripts);
  for (const auto& story : stories()) {
    write(kTranscripts / (story->name + ".bin"), story->trace.transcript());
    CHECK(std::filesystem::file_size(kTranscripts / (story->name + ".bin")) > 0);
  }
}
