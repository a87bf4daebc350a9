#include "catch_up_pair.h"

#include "mysql/schema.h"
#include "testing/status_matchers.h"

namespace aipress::mover {

using testing::DatabaseServer;
using testing::must;

CatchUpPair::CatchUpPair(Context const& context, std::vector<std::string> const& statements,
                         Probe& probe)
    : source_(must(DatabaseServer::start({}))),
      target_(must(DatabaseServer::start({.server_id = 2}))),
      folder_(must(testing::TemporaryDirectory::make())) {
    CatchUpOptions options;
    options.move_id = "catch-up";
    for (auto const* server : {&source_, &target_}) {
        server->execute("CREATE DATABASE wp");
        auto connection = server->connect_root("wp");
        for (auto const& statement : statements) must(connection.execute(context, statement));
        must(metadata::install(context, connection, options.move_id, probe));
    }
    auto admin = source_.connect_root();
    auto const schema = must(mysql::read_schema(context, admin, "wp"));
    for (auto const& table : schema.tables) layouts_.emplace(table.name, TableLayout(table));
    options.from = source_.root("wp");
    options.to = target_.root("wp");
    options.server_id = 4712;
    options.start = must(mysql::binlog::current_position(context, admin));
    options.spill_directory = folder_.path();
    catch_up_ = must(CatchUp::start(context, std::move(options), layouts_, probe));
}

}  // namespace aipress::mover
