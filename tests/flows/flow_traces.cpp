// Tells every story and compares its trace with the document beside the file that tells it, byte
// for byte.
// UPDATE_TRACES=1 writes the documents anew. The transcripts for wasm.test.ts go to build/.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <cstdlib>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "tests/flows/host/story.h"

using namespace postern::testing;

namespace {

const std::filesystem::path kDocuments = POSTERN_SOURCE_DIR "/tests/flows";
const std::filesystem::path kTranscripts = POSTERN_SOURCE_DIR "/build/transcripts";

// The files that tell stories, and the folder that each lies in with its documents.
struct Teller {
  const char* folder;
  void (*tell)(Stories&);
};
constexpr Teller kTellers[] = {
    {"access", tell_access},           {"connect", tell_connecting},
    {"connect", tell_failures},        {"connect", tell_people},
    {"connect", tell_sign_ins},        {"connect", tell_sign_ins_by_profile},
    {"connect", tell_admin_consents},  {"token", tell_tokens},
    {"grant", tell_refreshes},         {"grant", tell_unknown_outcomes},
    {"grant", tell_patience},          {"grant", tell_google},
    {"grant", tell_applications},      {"grant", tell_certificates},
    {"authority", tell_schedule},      {"authority", tell_stores},
    {"connections", tell_connections}, {"connections", tell_revocations},
    {"connections", tell_accounts},    {"resource", tell_resources},
    {"resource", tell_lists},          {"resource", tell_calls},
    {"resource", tell_vaults},         {"events", tell_events},
    {"connect", tell_renewals},        {"connect", tell_fewer_scopes}};

struct Told {
  Stories stories;
  std::vector<std::filesystem::path> documents;  // of each story
};

const Told& told() {
  static const Told all = [] {
    Told every;
    for (const auto& [folder, tell] : kTellers) {
      const auto first = every.stories.size();
      tell(every.stories);
      for (auto i = first; i < every.stories.size(); ++i) {
        every.documents.push_back(kDocuments / folder / (every.stories[i]->name + ".md"));
      }
    }
    return every;
  }();
  return all;
}

const Stories& stories() {
  return told().stories;
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
  for (std::size_t i = 0; i < stories().size(); ++i) {
    const auto& story = stories()[i];
    const auto& path = told().documents[i];
    CAPTURE(story->name);
    const auto document = document_of(*story);
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
    CHECK(names.insert(story->name).second);
  }
  const std::set<std::filesystem::path> documents(told().documents.begin(), told().documents.end());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kDocuments)) {
    if (entry.path().extension() == ".md") {
      CAPTURE(entry.path().string());
      CHECK(documents.contains(entry.path()));
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
