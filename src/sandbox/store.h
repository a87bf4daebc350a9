// Where the sandbox keeps its resources: JSON documents in one SQLite file.
//
// A write is acknowledged when it is on disk (WAL, synchronous=FULL). Writers that come at the same
// time share one commit, so each does not pay for its own fsync.
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aipress::sandbox {

struct Document {
    std::string name;           // "projects/p/secrets/s": unique in its collection
    std::uint64_t version = 0;  // grows with every write of any document: an etag, a generation
    boost::json::value body = nullptr;
};

struct Page {
    std::vector<Document> documents;
    std::string next;  // where the next page begins; empty: there is none
};

// The documents as one transaction sees them. Its errors are those of the disk (Unavailable,
// ResourceExhausted) and of the conditions that it names.
class Transaction {
public:
    virtual ~Transaction() = default;
    [[nodiscard]] virtual Result<std::optional<Document>> get(std::string_view collection,
                                                              std::string_view name) = 0;
    // In byte order of their names: those that begin with `prefix`, from `start` on, at most
    // `most`.
    [[nodiscard]] virtual Result<Page> list(std::string_view collection, std::string_view prefix,
                                            std::string_view start, std::size_t most) = 0;
    // How many names begin with `prefix`.
    [[nodiscard]] virtual Result<std::uint64_t> count(std::string_view collection,
                                                      std::string_view prefix) = 0;
    // Returns the new version. Errors: AlreadyExists.
    virtual Result<std::uint64_t> insert(std::string_view collection, std::string_view name,
                                         boost::json::value const& body) = 0;
    // Returns the new version. `expected`: the version it must have; nullopt for any. Errors:
    // NotFound, Aborted when it has another.
    virtual Result<std::uint64_t> update(std::string_view collection, std::string_view name,
                                         std::optional<std::uint64_t> expected,
                                         boost::json::value const& body) = 0;
    // Errors: NotFound.
    virtual Result<void> remove(std::string_view collection, std::string_view name) = 0;
};

// Thread safe.
class Store {
public:
    // Makes the file when it is not there. One process at a time has it open: the caller sees to
    // that. Errors: FailedPrecondition when it is no store or damaged, Unavailable for the disk.
    [[nodiscard]] static Result<Store> open(std::filesystem::path const& file);
    Store(Store&&) noexcept;
    Store& operator=(Store&&) noexcept;
    ~Store();  // what was asked for before is finished

    // Runs `work` on the writer's thread, alone; all it did or nothing is on disk when this
    // returns. An error that it returns undoes what it did, and is passed on. It must not block for
    // long, and must not call write() itself.
    Result<void> write(std::function<Result<void>(Transaction&)> const& work);
    // The latest state that write() has acknowledged, or a later one. `work` only reads.
    Result<void> read(std::function<Result<void>(Transaction&)> const& work) const;

    // Commits so far: fewer than writes when they came together.
    [[nodiscard]] std::uint64_t commits() const;

private:
    struct Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::sandbox
