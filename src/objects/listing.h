// Two folders read side by side, page by page: their objects by name, whatever their number.
#pragma once

#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "gcp/storage.h"
#include "objects/folder.h"

namespace aipress::objects {

// Names below the prefix, from `start` on and before `end`; "": no bound.
struct NameRange {
    std::string start = {};
    std::string end = {};
};

// Names that part a folder into ranges of about as many objects, in the order of their bytes. They
// need not exist, nor be right: they only say where else a listing is begun, so that its pages come
// many at a time.
using Waypoints = std::vector<std::string>;

// A folder's objects in the order of their names' bytes; the next page is on its way while one is
// read. An object that is called as the prefix itself stands for the folder and is left out. Not
// thread safe. What it is made of outlives it.
class Listing {
public:
    Listing(Context const& context, gcp::Storage const& storage, Folder const& folder,
            NameRange const& range);
    Listing(Listing const&) = delete;
    Listing& operator=(Listing const&) = delete;
    ~Listing();

    // nullptr: there are no more. Valid until the next call. Errors: Internal when the names do not
    // come in order, or are not below the prefix: what is merged by order would be deleted then.
    [[nodiscard]] gcp::Outcome<gcp::Object const*> next();

private:
    void ask(std::string token);
    gcp::Outcome<gcp::Done> take_page();
    [[nodiscard]] gcp::Outcome<gcp::Done> check(gcp::Object const& object);

    gcp::Storage const& storage_;
    std::string const prefix_;
    gcp::ObjectList const list_;
    std::stop_source stop_;
    std::stop_callback<std::function<void()>> const pass_on_;
    Context const context_;
    gcp::ObjectPage page_;
    std::size_t at_ = 0;
    std::string last_;  // name
    std::string last_token_;
    std::future<gcp::Outcome<gcp::ObjectPage>> coming_;  // not valid: there is no more
};

// One name: at least one side has it.
struct Pair {
    std::string_view name = {};  // below the prefixes
    gcp::Object const* from = nullptr;
    gcp::Object const* to = nullptr;
};
using PairVisitor = std::function<gcp::Outcome<gcp::Done>(Pair const&)>;

// Every name below the two prefixes once; in order, within one range between waypoints. With
// waypoints the visitor is called by several threads at once. Memory: two pages a side and range.
// Errors: of the listings, of the visitor.
[[nodiscard]] gcp::Outcome<gcp::Done> each_pair(Context const& context, gcp::Storage const& storage,
                                                FolderPair const& folders,
                                                Waypoints const& waypoints,
                                                PairVisitor const& visit);

}  // namespace aipress::objects
