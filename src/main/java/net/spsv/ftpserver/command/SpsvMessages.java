/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.ftpserver.command;

import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.BooleanSupplier;
import org.apache.ftpserver.FtpServerConfigurationException;
import org.apache.ftpserver.ftplet.FtpReply;
import org.apache.ftpserver.message.MessageResource;

/**
 * FtpServer's reply texts, with those of single-port mode.
 *
 * <p>What an installation has in its own message files comes first, so that every text can be translated; then come the
 * defaults in {@code SpsvMessages.properties} beside this class. FEAT and HELP get their lines added.
 *
 * <p>Threading: safe for all threads.
 */
public final class SpsvMessages implements MessageResource {

    private static final String VERB = "SPSV";

    private static final String TOKEN_PLACE = "({output.msg})";

    private final MessageResource host;

    private final BooleanSupplier onlyDataConnections;

    private final Properties defaults = new Properties();

    /**
     * Decorates a message resource.
     *
     * @param host FtpServer's own
     * @param onlyDataConnections whether a new connection can be of use as a data connection only: the server is full,
     *     and somebody waits for a data connection
     * @throws FtpServerConfigurationException if a text of the installation is of no use to clients
     */
    public SpsvMessages(final MessageResource host, final BooleanSupplier onlyDataConnections) {
        this.host = host;
        this.onlyDataConnections = onlyDataConnections;
        try (InputStream in = SpsvMessages.class.getResourceAsStream("SpsvMessages.properties")) {
            defaults.load(in);
        } catch (IOException e) {
            throw new FtpServerConfigurationException("The reply texts of single-port mode cannot be read", e);
        }
        checkTokenPlace(null);
        final List<String> languages = getAvailableLanguages();
        if (languages != null) {
            languages.forEach(this::checkTokenPlace);
        }
    }

    private void checkTokenPlace(final String language) {
        final String text = getMessage(FtpReply.REPLY_227_ENTERING_PASSIVE_MODE, VERB, language);
        final String rest = text.replace(TOKEN_PLACE, "");
        if (text.length() - rest.length() != TOKEN_PLACE.length() || rest.matches("(?s).*[()\r\n].*")) {
            throw new FtpServerConfigurationException("The message 227.SPSV"
                    + (language == null ? "" : " for language " + language)
                    + " must be one line that contains " + TOKEN_PLACE
                    + " once and no other brackets, or clients do not find the token in it: " + text);
        }
    }

    /**
     * The resource that is decorated.
     *
     * @return FtpServer's own
     */
    public MessageResource host() {
        return host;
    }

    /** {@inheritDoc} */
    @Override
    public List<String> getAvailableLanguages() {
        return host.getAvailableLanguages();
    }

    /** {@inheritDoc} */
    @Override
    public String getMessage(final int code, final String subId, final String language) {
        if (code == FtpReply.REPLY_220_SERVICE_READY && subId == null && onlyDataConnections.getAsBoolean()) {
            return getMessage(code, VERB, language);
        }
        final String text = host.getMessage(code, subId, language);
        if (text == null) {
            return defaults.getProperty(code + "." + subId);
        }
        if (code == FtpReply.REPLY_211_SYSTEM_STATUS_REPLY && "FEAT".equals(subId)) {
            return withLine(text, " " + VERB);
        }
        if (code == FtpReply.REPLY_214_HELP_MESSAGE && subId == null) {
            return withLine(text, VERB);
        }
        return text;
    }

    private static String withLine(final String text, final String line) {
        final int last = text.lastIndexOf('\n');
        if (last < 0 || text.matches("(?s).*\\b" + VERB + "\\b.*")) {
            return text;
        }
        return text.substring(0, last) + '\n' + line + text.substring(last);
    }

    /** {@inheritDoc} */
    @Override
    public Map<String, String> getMessages(final String language) {
        final Map<String, String> all = new HashMap<>();
        defaults.stringPropertyNames().forEach(key -> all.put(key, defaults.getProperty(key)));
        all.putAll(host.getMessages(language));
        return Collections.unmodifiableMap(all);
    }
}
