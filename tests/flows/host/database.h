// D1 for native tests: SQLite in memory with the Worker's own migrations, so that the statements
// of core/flow/store meet the same engine as in production.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/effect/effects.h"

struct sqlite3;
struct sqlite3_stmt;

namespace postern::testing {

// What the Worker calls the one that it has (wrangler.jsonc).
inline constexpr std::string_view kDatabaseBinding = "DB";

class Database {
 public:
  Database();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // One transaction, as D1's batch: all of it or, where one statement fails, nothing (nullopt; see
  // `fault`).
  [[nodiscard]] std::optional<std::vector<SqlOutcome>> batch(
      const std::vector<SqlStatement>& statements);
  // The same for a flow, which says in which database.
  [[nodiscard]] std::optional<std::vector<SqlOutcome>> batch(const Sql& effect);
  [[nodiscard]] const std::string& fault() const { return fault_; }

  // Empties every table.
  void clear();
  // Every cell of every table as text, for scans and comparisons.
  [[nodiscard]] std::string dump();

 private:
  [[nodiscard]] std::optional<SqlOutcome> run(const SqlStatement& statement);
  // nullptr: see `fault`.
  [[nodiscard]] sqlite3_stmt* prepared(const std::string& sql);
  void execute(const std::string& sql);

  sqlite3* connection_ = nullptr;
  // The core has some dozens of statements; to parse one takes longer than to run it.
  std::map<std::string, sqlite3_stmt*> prepared_;
  std::string fault_;
  std::vector<std::string> tables_;
};

}  // namespace postern::testing
