<?php
$site = parse_ini_file(dirname(ABSPATH) . '/site.ini', false, INI_SCANNER_RAW);

define('DB_NAME', $site['database']);
define('DB_USER', $site['user']);
define('DB_PASSWORD', $site['password']);
// "host:port", in a file of its own: the switch replaces it atomically, and the next request reads it.
define('DB_HOST', trim(file_get_contents(dirname(ABSPATH) . '/database-host')));
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');

define('WP_HOME', $site['url']);
define('WP_SITEURL', $site['url']);
define('WP_CONTENT_DIR', ABSPATH . 'wp-content');
define('WP_DEFAULT_THEME', 'twentytwentyone');
define('REHEARSAL_KIND', $site['kind']);

// Nothing leaves the machine, and nothing is written but what visitors cause.
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
define('DISALLOW_FILE_MODS', true);
define('WP_DEBUG', false);

foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $scheme) {
    define($scheme . '_KEY', hash('sha256', $site['password'] . $scheme . 'key'));
    define($scheme . '_SALT', hash('sha256', $site['password'] . $scheme . 'salt'));
}

$table_prefix = 'wp_';
if (PHP_SAPI === 'cli') {
    $_SERVER['HTTP_HOST'] = parse_url($site['url'], PHP_URL_HOST) . ':' . parse_url($site['url'], PHP_URL_PORT);
    $_SERVER['SERVER_NAME'] = parse_url($site['url'], PHP_URL_HOST);
    $_SERVER['REQUEST_URI'] = '/';
    $_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';
}
require_once ABSPATH . 'wp-settings.php';
