#include "ledger_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "start_error.hpp"

namespace {

constexpr mode_t OWNER_ONLY = 0600;

// One program at a time: the ledger in its memory would not learn of what another adds.
constexpr const char* PREPARE_FILE = R"(
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    BEGIN EXCLUSIVE;
    CREATE TABLE IF NOT EXISTS node (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        key TEXT NOT NULL,
        certificate TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS transactions (
        seqno INTEGER PRIMARY KEY,
        view INTEGER NOT NULL,
        writes BLOB NOT NULL,
        commit_evidence TEXT NOT NULL,
        claims_digest BLOB NOT NULL CHECK (length(claims_digest) = 32)
    ) STRICT;
    COMMIT;
)";

// SQLite would let everybody read what it makes.
void make_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, OWNER_ONLY);
    if (file < 0) {
        throw StartError(path + ": can't open the store: " + std::strerror(errno));
    }
    ::close(file);
}

sqlite3* open_database(const std::string& path) {
    sqlite3* database = nullptr;
    const int result = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
    if (result != SQLITE_OK) {
        sqlite3_close(database);
        throw StartError(path + ": can't open the store: " + sqlite3_errstr(result));
    }
    return database;
}

std::string column(sqlite3_stmt* statement, int index) {
    const void* bytes = sqlite3_column_blob(statement, index);
    const auto length = static_cast<size_t>(sqlite3_column_bytes(statement, index));
    // A value without bytes has no address.
    return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), length);
}

uint64_t number_column(sqlite3_stmt* statement, int index) {
    return static_cast<uint64_t>(sqlite3_column_int64(statement, index));
}

int bind_text(sqlite3_stmt* statement, int index, const std::string& text) {
    return sqlite3_bind_text64(statement, index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

int bind_bytes(sqlite3_stmt* statement, int index, std::string_view bytes) {
    return sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

int bind_number(sqlite3_stmt* statement, int index, uint64_t number) {
    return sqlite3_bind_int64(statement, index, static_cast<sqlite3_int64>(number));
}

}  // namespace

LedgerFile::LedgerFile(const std::string& path)
    : path_(path), database_(nullptr, sqlite3_close), insert_(nullptr, sqlite3_finalize) {
    make_file(path);
    database_.reset(open_database(path));
    try {
        run(PREPARE_FILE);
        insert_ = prepare(
            "INSERT INTO transactions (seqno, view, writes, commit_evidence, claims_digest) VALUES (?, ?, ?, ?, ?)");
    } catch (const std::runtime_error& error) {
        throw StartError(error.what());
    }
}

void LedgerFile::fail() const {
    throw std::runtime_error(path_ + ": " + sqlite3_errmsg(database_.get()));
}

void LedgerFile::run(const char* sql) const {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        fail();
    }
}

LedgerFile::Statement LedgerFile::prepare(const char* sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr) != SQLITE_OK) {
        fail();
    }
    return Statement(statement, sqlite3_finalize);
}

bool LedgerFile::step(const Statement& statement) const {
    const int result = sqlite3_step(statement.get());
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        fail();
    }
    return result == SQLITE_ROW;
}

std::optional<StoredNode> LedgerFile::node() const {
    const Statement statement = prepare("SELECT key, certificate FROM node");
    if (!step(statement)) {
        return std::nullopt;
    }
    return StoredNode{column(statement.get(), 0), column(statement.get(), 1)};
}

void LedgerFile::set_node(const StoredNode& node) {
    const Statement statement = prepare("INSERT INTO node (id, key, certificate) VALUES (1, ?, ?)");
    if (bind_text(statement.get(), 1, node.key) != SQLITE_OK ||
        bind_text(statement.get(), 2, node.certificate) != SQLITE_OK) {
        fail();
    }
    step(statement);
}

void LedgerFile::read(const std::function<void(StoredTransaction)>& visit) const {
    const Statement statement =
        prepare("SELECT seqno, view, writes, commit_evidence, claims_digest FROM transactions ORDER BY seqno");
    sqlite3_stmt* const row = statement.get();
    while (step(statement)) {
        StoredTransaction transaction{
            TransactionId{number_column(row, 1), number_column(row, 0)}, column(row, 2), column(row, 3), {}};
        const std::string claims = column(row, 4);
        std::copy_n(claims.begin(), std::min(claims.size(), transaction.claims_digest.size()),
                    transaction.claims_digest.begin());
        visit(std::move(transaction));
    }
}

void LedgerFile::append(const StoredTransaction& transaction) {
    sqlite3_stmt* const insert = insert_.get();
    // A failed insert must not keep the next one from running.
    sqlite3_reset(insert);
    if (bind_number(insert, 1, transaction.id.seqno) != SQLITE_OK ||
        bind_number(insert, 2, transaction.id.view) != SQLITE_OK ||
        bind_bytes(insert, 3, transaction.writes) != SQLITE_OK ||
        bind_text(insert, 4, transaction.commit_evidence) != SQLITE_OK ||
        bind_bytes(insert, 5, view(transaction.claims_digest)) != SQLITE_OK) {
        fail();
    }
    step(insert_);
    // Ends the statement, and with it the transaction of the database.
    if (sqlite3_reset(insert) != SQLITE_OK) {
        fail();
    }
    sqlite3_clear_bindings(insert);
}
