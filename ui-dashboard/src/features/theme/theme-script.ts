export const THEME_KEY = "microcloud.theme";

/**
 * Runs before the first paint, so that a dark page never flashes white. Kept as text because it must not wait for any
 * bundle; it does what `applyTheme` does.
 */
export const THEME_SCRIPT = `(function(){try{var c=localStorage.getItem("${THEME_KEY}")}catch(e){}var d=c==="dark"||(c!=="light"&&matchMedia("(prefers-color-scheme: dark)").matches);document.documentElement.dataset.theme=d?"dark":"light"})()`;
