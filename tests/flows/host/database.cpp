#include "tests/flows/host/database.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sqlite3.h>
#include <sstream>

namespace postern::testing {

namespace {

std::string migrations() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(POSTERN_SOURCE_DIR "/worker-shim/migrations")) {
    files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::stringstream all;
  for (const auto& file : files) {
    all << std::ifstream(file).rdbuf();
  }
  return all.str();
}

void bind(sqlite3_stmt* statement, int index, const SqlValue& value) {
  if (const auto* integer = value.integer()) {
    sqlite3_bind_int64(statement, index, *integer);
  } else if (const auto* text = value.text()) {
    // The parameters outlive the statement: no copy (nullptr is SQLITE_STATIC).
    sqlite3_bind_text(statement, index, text->data(), static_cast<int>(text->size()), nullptr);
  } else {
    sqlite3_bind_null(statement, index);
  }
}

SqlRow row_of(sqlite3_stmt* statement) {
  SqlRow row;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    switch (sqlite3_column_type(statement, i)) {
      case SQLITE_INTEGER:
        row.emplace_back(std::int64_t{sqlite3_column_int64(statement, i)});
        break;
      case SQLITE_NULL:
        row.emplace_back(std::monostate{});
        break;
      default: {
        const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, i));
        row.emplace_back(std::string(bytes == nullptr ? "" : bytes, size));
      }
    }
  }
  return row;
}

}  // namespace

Database::Database() {
  // Each database is one thread's: no locks, and no statistics, which threads would share.
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
  if (configured != SQLITE_OK ||
      sqlite3_open_v2(":memory:", &connection_, kFlags, nullptr) != SQLITE_OK) {
    std::abort();
  }
  char* message = nullptr;
  if (sqlite3_exec(connection_, migrations().c_str(), nullptr, nullptr, &message) != SQLITE_OK) {
    std::cerr << "sqlite: " << (message == nullptr ? "?" : message) << "\n";
    std::abort();
  }
  // Whatever the migrations made, and where SQLite counts events: a new table is searched for
  // secrets too.
  const auto names =
      run({.sql = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid",
           .parameters = {}});
  for (const auto& row : names ? names->rows : std::vector<SqlRow>()) {
    tables_.push_back(*row[0].text());
  }
  if (tables_.empty()) {
    std::abort();
  }
}

Database::~Database() {
  for (const auto& [sql, statement] : prepared_) {
    sqlite3_finalize(statement);
  }
  sqlite3_close(connection_);
}

sqlite3_stmt* Database::prepared(const std::string& sql) {
  auto& statement = prepared_[sql];
  if (statement == nullptr &&
      sqlite3_prepare_v2(connection_, sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK) {
    fault_ = sqlite3_errmsg(connection_);
  }
  return statement;
}

void Database::execute(const std::string& sql) {
  auto* statement = prepared(sql);
  if (statement == nullptr || sqlite3_step(statement) != SQLITE_DONE) {
    std::cerr << "sqlite: " << sqlite3_errmsg(connection_) << "\n";
    std::abort();
  }
  sqlite3_reset(statement);
}

std::optional<SqlOutcome> Database::run(const SqlStatement& statement) {
  auto* prepared = this->prepared(statement.sql);
  if (prepared == nullptr) {
    return std::nullopt;
  }
  SqlOutcome outcome;
  // D1 refuses a batch whose parameters do not fit; SQLite would take NULL for what is missing.
  if (sqlite3_bind_parameter_count(prepared) != static_cast<int>(statement.parameters.size())) {
    fault_ = "wrong number of parameters";
    return std::nullopt;
  }
  for (std::size_t i = 0; i < statement.parameters.size(); ++i) {
    bind(prepared, static_cast<int>(i) + 1, statement.parameters[i]);
  }
  const auto before = sqlite3_total_changes(connection_);
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(prepared)) == SQLITE_ROW) {
    outcome.rows.push_back(row_of(prepared));
  }
  outcome.changes = sqlite3_total_changes(connection_) - before;
  if (code != SQLITE_DONE) {
    fault_ = sqlite3_errmsg(connection_);
  }
  sqlite3_reset(prepared);
  sqlite3_clear_bindings(prepared);
  return code == SQLITE_DONE ? std::optional(std::move(outcome)) : std::nullopt;
}

std::optional<std::vector<SqlOutcome>> Database::batch(
    const std::vector<SqlStatement>& statements) {
  execute("BEGIN");
  std::vector<SqlOutcome> outcomes;
  for (const auto& statement : statements) {
    auto outcome = run(statement);
    if (!outcome) {
      execute("ROLLBACK");
      return std::nullopt;
    }
    outcomes.push_back(std::move(*outcome));
  }
  execute("COMMIT");
  return outcomes;
}

std::optional<std::vector<SqlOutcome>> Database::batch(const Sql& effect) {
  if (effect.database != kDatabaseBinding) {
    fault_ = "there is no database " + effect.database;
    return std::nullopt;
  }
  return batch(effect.statements);
}

void Database::clear() {
  for (const auto& table : tables_) {
    execute("DELETE FROM " + table);
  }
}

std::string Database::dump() {
  std::string text;
  for (const auto& table : tables_) {
    const auto outcome = run({.sql = "SELECT * FROM " + table, .parameters = {}});
    for (const auto& row : outcome ? outcome->rows : std::vector<SqlRow>()) {
      text += table;
      for (const auto& value : row) {
        text += '|';
        if (const auto* string = value.text()) {
          text += *string;
        } else if (const auto* integer = value.integer()) {
          text += std::to_string(*integer);
        }
      }
      text += '\n';
    }
  }
  return text;
}

}  // namespace postern::testing
