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
package net.spsv.ftpserver.process;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.ftpserver.usermanager.Md5PasswordEncryptor;
import org.apache.ftpserver.usermanager.PasswordEncryptor;
import org.apache.ftpserver.usermanager.PropertiesUserManagerFactory;

/**
 * A directory laid out like an unpacked FtpServer distribution, into which the plugin was installed as the README says:
 * the jar in {@code common/lib}, the files of {@code example-config} in {@code res/conf}.
 *
 * <p>The port is changed to 0, so that any number of servers run side by side, and the password is kept as the version
 * of FtpServer reads it. The system properties {@code dist.lib}, a directory with the jars of the distribution, and
 * {@code plugin.jar} say what to install.
 */
public final class FtpServerInstallation {
    /** The configuration file, as it is named on the command line. */
    public static final String CONFIGURATION = "res/conf/ftpd-spsv.xml";
    /** The account in the example's {@code users.properties}. */
    public static final String USER = "user";
    /** The password of {@link #USER}. */
    public static final String PASSWORD = "change-me";

    private static final Path EXAMPLES = Paths.get("example-config");

    private final Path directory;
    private final List<String> javaOptions = new ArrayList<>();
    private Path home;

    private FtpServerInstallation(final Path directory) {
        this.directory = directory;
        home = directory.resolve("res/home");
    }

    /** Installs FtpServer and the plugin into an empty directory. */
    public static FtpServerInstallation into(final Path directory) throws IOException {
        final FtpServerInstallation installation = new FtpServerInstallation(directory);
        for (final String part : Arrays.asList("common/classes", "common/lib", "res/conf", "res/home", "res/log")) {
            Files.createDirectories(directory.resolve(part));
        }
        try (DirectoryStream<Path> jars = Files.newDirectoryStream(setting("dist.lib"), "*.jar")) {
            for (final Path jar : jars) {
                installation.installJar(jar);
            }
        }
        installation.installJar(setting("plugin.jar"));
        for (final String file : Arrays.asList("ftpd-spsv.xml", "users.properties")) {
            Files.copy(EXAMPLES.resolve(file), directory.resolve("res/conf").resolve(file));
        }
        installation.edit(CONFIGURATION, "port=\"2121\"", "port=\"0\"");
        final PasswordEncryptor encryptor = new PropertiesUserManagerFactory().getPasswordEncryptor();
        if (encryptor instanceof Md5PasswordEncryptor) {
            // As the file says, for FtpServer before 1.2.1.
            installation.write(
                    "res/conf/users.properties",
                    installation
                            .read("res/conf/users.properties")
                            .replaceFirst("(?m)(userpassword=)\\p{XDigit}{128}$", "$1" + encryptor.encrypt(PASSWORD)));
        }
        Files.copy(
                FtpServerInstallation.class.getResourceAsStream("log4j.properties"),
                directory.resolve("common/classes/log4j.properties"));
        return installation;
    }

    private static Path setting(final String property) {
        final String value = System.getProperty(property);
        if (value == null) {
            throw new IllegalStateException("The system property " + property + " is not set; Maven's build sets it,"
                    + " a development environment has to be told.");
        }
        return Paths.get(value).toAbsolutePath();
    }

    /** Puts a jar into {@code common/lib}, in place of one of that name. */
    public void installJar(final Path jar) throws IOException {
        Files.copy(
                jar, directory.resolve("common/lib").resolve(jar.getFileName()), StandardCopyOption.REPLACE_EXISTING);
    }

    /** Replaces a text that occurs once in a file of the installation. */
    public void edit(final String file, final String text, final String replacement) throws IOException {
        final String before = read(file);
        final int at = before.indexOf(text);
        if (at < 0 || before.indexOf(text, at + 1) >= 0) {
            throw new IllegalArgumentException(text + " must occur once in " + file);
        }
        write(file, before.substring(0, at) + replacement + before.substring(at + text.length()));
    }

    private String read(final String file) throws IOException {
        return new String(Files.readAllBytes(directory.resolve(file)), StandardCharsets.UTF_8);
    }

    /** Writes a file of the installation. */
    public void write(final String file, final String text) throws IOException {
        Files.write(directory.resolve(file), text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Gives the listener an {@code <ssl>} element, for AUTH TLS or for all connections from the start. The stores are
     * copied into {@code res/conf}.
     *
     * @param keyStore a key store of type PKCS12
     * @param password of the store and its key
     */
    public void useTls(final boolean implicit, final Path keyStore, final String password) throws IOException {
        edit(
                CONFIGURATION,
                "port=\"0\" idle-timeout=\"300\">",
                "port=\"0\" idle-timeout=\"300\" implicit-ssl=\"" + implicit + "\">");
        // As a user would: by taking the comment away.
        edit(
                CONFIGURATION,
                "      <ssl client-authentication=\"NONE\">",
                "      -->\n      <ssl client-authentication=\"NONE\">");
        edit(CONFIGURATION, "      </ssl>\n      -->", "      </ssl>");
        edit(CONFIGURATION, "password=\"change-it\"", "password=\"" + password + "\"");
        Files.copy(keyStore, directory.resolve("res/conf/server.p12"), StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * Gives the listener's data connections an {@code <ssl>} element of their own, with demands upon the client.
     *
     * @param clientAuthentication NONE, WANT or NEED
     * @param trustStore a trust store of type PKCS12 with the certificates of clients
     */
    public void useDataTls(
            final Path keyStore, final String password, final String clientAuthentication, final Path trustStore)
            throws IOException {
        edit(
                CONFIGURATION,
                "<data-connection idle-timeout=\"60\">",
                "<data-connection idle-timeout=\"60\">\n        "
                        + ssl(keyStore, password, clientAuthentication, trustStore));
    }

    /** Sets the plugin's property {@code requireTls}, which is true in the example. */
    public void requireTls(final boolean required) throws IOException {
        edit(CONFIGURATION, "name=\"requireTls\" value=\"true\"", "name=\"requireTls\" value=\"" + required + "\"");
    }

    /** Sets the plugin's property {@code singlePortOnly}, which is false in the example. */
    public void singlePortOnly(final boolean only) throws IOException {
        edit(
                CONFIGURATION,
                "name=\"singlePortOnly\" value=\"false\"",
                "name=\"singlePortOnly\" value=\"" + only + "\"");
    }

    private String ssl(
            final Path keyStore, final String password, final String clientAuthentication, final Path trustStore)
            throws IOException {
        return "<ssl client-authentication=\"" + clientAuthentication + "\"><keystore " + store(keyStore, password)
                + " />" + (trustStore == null ? "" : "<truststore " + store(trustStore, password) + " />") + "</ssl>";
    }

    private String store(final Path store, final String password) throws IOException {
        final String file = "res/conf/" + store.getFileName();
        Files.copy(store, directory.resolve(file), StandardCopyOption.REPLACE_EXISTING);
        return "file=\"./" + file + "\" type=\"PKCS12\" password=\"" + password + "\"";
    }

    /** Adds an option for the Java virtual machine of the server. */
    public void addJavaOption(final String option) {
        javaOptions.add(option);
    }

    /** Returns the home directory of {@link #USER}. */
    public Path home() {
        return home;
    }

    /** Gives {@link #USER} another home directory, which may be that of another installation. */
    public void useHome(final Path other) throws IOException {
        edit("res/conf/users.properties", "homedirectory=./res/home", "homedirectory=" + other);
        home = other;
    }

    /** Uses texts of our own for replies, as a user would: by taking the comment away. */
    public void useMessages(final String texts) throws IOException {
        final String example = "227.SPSV=Use the same port again ({output.msg})\n";
        edit(CONFIGURATION, example, example + "-->");
        edit(CONFIGURATION, "messages\" />\n  -->", "messages\" />");
        Files.createDirectories(directory.resolve("res/conf/messages"));
        write("res/conf/messages/FtpStatus.gen", texts);
    }

    /** Returns a file of the installation. */
    public Path resolve(final String file) {
        return directory.resolve(file);
    }

    /**
     * Starts FtpServer by its command line and does not wait until it is up.
     *
     * @param prefix words to put before the command, for example to run it in a network namespace
     */
    public FtpServerProcess launch(final String... prefix) throws IOException {
        final List<String> command = new ArrayList<>(Arrays.asList(prefix));
        command.add(Paths.get(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(javaOptions);
        command.add("-classpath");
        command.add(String.join(File.pathSeparator, "common/classes", "common/lib/*"));
        command.add("org.apache.ftpserver.main.CommandLine");
        command.add(CONFIGURATION);
        return FtpServerProcess.launch(directory, command);
    }

    /** Starts FtpServer by its command line and waits until it is up. */
    public FtpServerProcess start(final String... prefix) throws IOException {
        final FtpServerProcess process = launch(prefix);
        try {
            process.awaitStarted();
            return process;
        } catch (final AssertionError | RuntimeException e) {
            process.close();
            throw e;
        }
    }
}
