<?php
// Run before every script of a site (auto_prepend_file). WordPress's files are symbolic links into
// Debian's package, and PHP resolves those: without this, wp-load.php would look for wp-config.php
// beside its own real file and find Debian's.
define('ABSPATH', rtrim(getenv('AIPRESS_SITE_ROOT') ?: $_SERVER['DOCUMENT_ROOT'], '/') . '/');
