// A ledger in a file, so that it outlives the program: an SQLite database to which each transaction is added.
//
// A transaction is on the disk before anybody can see it. The file holds the node's private key, and what the app keeps
// is not encrypted in it: nobody but its owner may read it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "encoding.hpp"
#include "transaction_id.hpp"

struct sqlite3;
struct sqlite3_stmt;

// What of a transaction can't be made again from the rest.
struct StoredTransaction {
    TransactionId id;
    std::string writes;  // As write_set.hpp packs them.
    std::string commit_evidence;
    Digest claims_digest;
};

// Key and certificate of a node, PEM.
struct StoredNode {
    std::string key;
    std::string certificate;
};

class LedgerFile {
public:
    // Makes the file if there is none, and keeps other programs from using it. Throws StartError.
    explicit LedgerFile(const std::string& path);

    std::optional<StoredNode> node() const;
    // There is no node yet.
    void set_node(const StoredNode& node);

    // In the order of the sequence numbers.
    void read(const std::function<void(StoredTransaction)>& visit) const;
    void append(const StoredTransaction& transaction);

private:
    using Database = std::unique_ptr<sqlite3, int (*)(sqlite3*)>;
    using Statement = std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)>;

    void run(const char* sql) const;
    Statement prepare(const char* sql) const;
    // Whether there is a row.
    bool step(const Statement& statement) const;
    [[noreturn]] void fail() const;

    const std::string path_;
    Database database_;
    Statement insert_;
};
