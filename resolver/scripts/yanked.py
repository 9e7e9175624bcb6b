"""Asks package indexes which of the locked files were withdrawn (PEP 592)."""

import concurrent.futures


def ask(package, indexes):
    """Why a package's files were withdrawn; None if they were not. The first
    index that has them is the one that they come from."""
    for index in indexes:
        try:
            links, _ = page_links(project_page(index["url"] or default_index(), package["name"]), index.get("secret"))
        except urllib.error.HTTPError as e:
            if e.code == 404:
                continue
            raise
        reasons = [yanked for link, yanked in links if file_name(link.partition("#")[0]) in package["files"]]
        if reasons:
            return reasons[0] if None not in reasons else None
    return None


def main():
    trust()
    request = json.load(open(sys.argv[1]))
    yanked, unknown = {}, []
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for package, answer in [(p, pool.submit(ask, p, p["indexes"] or request["indexes"])) for p in request["packages"]]:
            try:
                reason = answer.result()
            except OSError as e:
                unknown.append(f"{package['name']}: {e}")
                continue
            if reason is not None:
                yanked[package["name"]] = reason
    with open(f"{OUT}/yanked.json", "w") as f:
        json.dump({"yanked": yanked, "unknown": unknown}, f)


main()
